/** Sections of a layout put together as they are drawn: alone, or behind tabs. */
import type { SectionModel } from './model';

export interface Tab {
  readonly title: string;
  readonly sections: readonly SectionModel[];
}

export type Group = { readonly at: number } & ({ readonly tabs: readonly Tab[]; readonly section?: never } | { readonly tabs?: never; readonly section: SectionModel });

/** Neighbouring sections with a tab become one row of tabs; those that name the same one share it. */
export function grouped(sections: readonly SectionModel[]): readonly Group[] {
  const groups: Group[] = [];
  sections.forEach((section, at) => {
    const last = groups.at(-1);
    if (!section.tab) groups.push({ at, section });
    else if (last?.tabs) groups[groups.length - 1] = { at: last.at, tabs: withTab(last.tabs, section.tab, section) };
    else groups.push({ at, tabs: withTab([], section.tab, section) });
  });
  return groups;
}

function withTab(tabs: readonly Tab[], title: string, section: SectionModel): readonly Tab[] {
  if (tabs.some((tab) => tab.title === title)) {
    return tabs.map((tab) => (tab.title === title ? { title, sections: [...tab.sections, section] } : tab));
  }
  return [...tabs, { title, sections: [section] }];
}

/** The fields of a section, without what stands between them. */
export function keysOf(section: SectionModel): readonly string[] {
  return section.items.filter((item) => typeof item === 'string');
}
