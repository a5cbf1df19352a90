// Shows push messages. A message has a title and where it leads; what it is about, the page tells after log-in.
self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data ? event.data.json() : {};
  } catch {
    told = {};
  }
  const title = typeof told.title === "string" && told.title ? told.title : "Formloom";
  const options = { tag: told.tag || undefined, icon: "/static/mark.svg", data: { url: told.url || "/" } };
  event.waitUntil(self.registration.showNotification(title, options));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const wanted = new URL(event.notification.data.url, self.location.origin);
  // Never away from here, whatever a message says.
  const url = wanted.origin === self.location.origin ? wanted.href : self.location.origin;
  event.waitUntil(
    self.clients.matchAll({ type: "window", includeUncontrolled: true }).then((open) => {
      const page = open.find((each) => each.url === url) || open[0];
      return page ? page.navigate(url).then((there) => (there || page).focus()) : self.clients.openWindow(url);
    }),
  );
});
