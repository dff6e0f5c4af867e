const at = (id) => document.getElementById(id);
const page = at("page");
const source = new EventSource("/.well-known/kinfra/events");
source.onmessage = (message) => {
  const event = JSON.parse(message.data);
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
  if (event.reload) {
    source.close();
    if (page.dataset.reload === "true") location.reload();
  }
};
