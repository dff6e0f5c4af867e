const at = (id) => document.getElementById(id);
const page = at("page");
// "now": with the next event that says so; "later": only after one that doesn't; "never": it answers no GET.
let reload = page.dataset.reload;
const source = new EventSource("/.well-known/kinfra/events");
source.onmessage = (message) => {
  const event = JSON.parse(message.data);
  if (event.reload && reload === "later") return;
  if (event.reload) source.close();
  if (reload === "later") reload = "now";
  page.dataset.state = event.state;
  document.title = at("headline").textContent = event.headline;
  at("reason").textContent = event.reason;
  at("facts").replaceChildren(...event.facts.flatMap((fact) => {
    const label = document.createElement("dt");
    const value = document.createElement("dd");
    label.textContent = fact.label;
    value.textContent = fact.value;
    if (fact.exact) value.title = fact.exact;
    return [label, value];
  }));
  at("log").hidden = event.lines.length === 0;
  at("lines").textContent = event.lines.join("\n");
  // Not before half a second: should engine and proxy ever disagree, that is no tight loop.
  if (event.reload && reload === "now") setTimeout(() => location.reload(), Math.max(0, 500 - performance.now()));
};
