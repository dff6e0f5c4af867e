const at = (id) => document.getElementById(id);
const page = at("page");
// "now": with the next event that says so; "later": only after one that doesn't; "never": it answers no GET.
let reload = page.dataset.reload;
// One host may have several services: the path tells which is meant.
const source = new EventSource("/.well-known/kinfra/events" + location.pathname);
source.onmessage = (message) => {
  const event = JSON.parse(message.data);
  if (event.reload && reload === "later") return;
  if (event.reload) source.close();
  if (reload === "later") reload = "now";
  page.dataset.state = event.state;
  document.title = at("headline").textContent = event.headline;
  at("reason").textContent = event.reason;
  if (at("facts")) details(event);
  // Not before half a second: should engine and proxy ever disagree, that is no tight loop.
  if (event.reload && reload === "now") setTimeout(() => location.reload(), Math.max(0, 500 - performance.now()));
};

// What only the people of this machine are shown.
function details(event) {
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
  for (const form of forms) {
    form.hidden = form.dataset.action !== event.action;
    form.querySelector("button").disabled = false;
  }
}
// The page stays as it is, with its query: what comes of a button is heard as an event.
const forms = document.querySelectorAll("form[data-action]");
for (const form of forms) {
  form.addEventListener("submit", (submitted) => {
    submitted.preventDefault();
    form.querySelector("button").disabled = true;
    fetch(form.action, { method: "POST", redirect: "manual", body: new URLSearchParams(new FormData(form)) })
      // It leads back here. Anything else is a refusal, to be read.
      .then((answer) => { if (answer.type !== "opaqueredirect") form.submit(); }, () => form.submit());
  });
}
