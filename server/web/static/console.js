// Small helps on top of pages that work without any of this.
"use strict";

for (const element of document.querySelectorAll("[data-without-script]")) element.hidden = true;

// Copy an address.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
    button.textContent = "已复制";
  });
}

// Print a poster.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// A form is sent once, however often the button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Looking at a table keeps the chosen file, so that it need not be chosen again for loading it.
for (const form of document.querySelectorAll("form[data-keep-file]")) {
  form.addEventListener("submit", async (event) => {
    if (event.submitter?.name !== "check") return;
    event.preventDefault();
    const body = new FormData(form);
    body.append("check", "1");
    event.submitter.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (answer.redirected || !page.getElementById("report")) return location.reload();
      for (const part of ["#report", "[data-buttons]"]) document.querySelector(part).replaceWith(page.querySelector(part));
      form.elements.once.value = page.querySelector("[name=once]").value;
      for (const hint of document.querySelectorAll("[data-without-script]")) hint.hidden = true;
      document.getElementById("report").focus();
    } catch {
      form.submit();
    }
  });
}
