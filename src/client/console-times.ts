/** Times stay in UTC, so that operators speak of the same moment; hovering tells the local one. */

const LOCAL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

export function showLocalTimes(root: Element): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
    const at = Date.parse(time.dateTime);
    if (!Number.isNaN(at)) {
      time.title = LOCAL.format(at);
    }
  }
}
