/** The style of pages of lists, an entry of its own: pages without lists do not load it. */
import '../../styles/lists.css';
