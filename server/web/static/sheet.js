// The inspection sheet: digits jump on, Enter goes to the next building, a row that is left is saved by itself.
"use strict";

const sheet = document.getElementById("sheet");
if (sheet) {
  const rows = [...sheet.querySelectorAll("tbody tr")];
  const stars = (row) => [...row.querySelectorAll("[inputmode]")];
  const inputs = (row) => [...row.querySelectorAll("input:not([type=hidden])")];
  const isDirty = (row) => inputs(row).some((input) => input.value !== input.defaultValue);
  const isFull = (row) => stars(row).every((input) => /^[1-5]$/.test(input.value));

  for (const hint of document.querySelectorAll("[data-with-script]")) hint.hidden = false;

  const say = (row, words, kind) => {
    row.classList.toggle("bad", kind === "bad");
    row.classList.toggle("good", kind === "good");
    row.querySelector(".wrong")?.remove();
    row.querySelector("[data-state]").textContent = words;
  };

  const goTo = (row, column) => {
    const input = row && inputs(row)[column];
    if (!input) return;
    input.focus();
    input.select();
  };

  const fresh = async () => {
    // Somebody signed in again elsewhere: this page's token is of the old session, a new page has the new one.
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    const token = page.querySelector("#sheet [name=form_token]");
    if (token) sheet.elements.form_token.value = token.value;
    return Boolean(token);
  };

  const send = async (row) => {
    const body = new URLSearchParams({ form_token: sheet.elements.form_token.value });
    for (const input of row.querySelectorAll("input")) body.append(input.name, input.value);
    return fetch(sheet.action, { method: "POST", body, headers: { Accept: "application/json" } });
  };

  const save = async (row) => {
    if (row.dataset.saving || !isDirty(row)) return;
    if (!isFull(row)) return say(row, "还没填完", "bad");
    const sent = inputs(row).map((input) => input.value);
    row.dataset.saving = "1";
    say(row, "正在保存…");
    try {
      let answer = await send(row);
      if (answer.status === 403 && (await fresh())) answer = await send(row);
      if (answer.redirected) return say(row, "登录已过期：请另开一页登录，再回来改一下这一行", "bad");
      if (!answer.ok) return say(row, "没有保存，请稍后再试", "bad");
      const [kept] = await answer.json();
      if (kept.error) return say(row, kept.error, "bad");
      row.querySelector("[type=hidden]").value = kept.version;
      inputs(row).forEach((input, column) => (input.defaultValue = sent[column]));
      say(row, "已保存", "good");
      const filled = document.querySelector("[data-filled]");
      if (filled) filled.textContent = rows.filter((each) => each.querySelector("[type=hidden]").value).length;
    } catch {
      say(row, "没有网络，还没保存", "bad");
    } finally {
      delete row.dataset.saving;
      if (!row.classList.contains("bad") && isDirty(row) && !row.contains(document.activeElement)) save(row);
    }
  };

  sheet.addEventListener("input", ({ target }) => {
    say(target.closest("tr"), "");
    if (!target.matches("[inputmode]")) return;
    target.value = target.value.replace(/[１-５]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0)).replace(/[^1-5]/g, "").slice(-1);
    if (target.value) goTo(target.closest("tr"), inputs(target.closest("tr")).indexOf(target) + 1);
  });

  // A click into a filled cell replaces its digit.
  sheet.addEventListener("focusin", ({ target }) => target.matches("[inputmode]") && target.select());

  sheet.addEventListener("keydown", (event) => {
    const step = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = event.target.closest("tbody tr");
    if (!step || !row || event.target.tagName !== "INPUT" || event.isComposing) return;
    event.preventDefault();
    const next = rows[rows.indexOf(row) + step];
    if (next) goTo(next, event.key === "Enter" ? 0 : inputs(row).indexOf(event.target));
    else save(row);
  });

  sheet.addEventListener("focusout", (event) => {
    const row = event.target.closest("tbody tr");
    if (row && !row.contains(event.relatedTarget)) save(row);
  });

  addEventListener("beforeunload", (event) => {
    if (!sheet.dataset.sent && rows.some(isDirty)) event.preventDefault();
  });
}
