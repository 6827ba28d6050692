// Residents' pages work without this file. It makes photos small before they travel, keeps what was written until it has
// arrived, and sends again by itself when the signal comes back. Written for old phones: no build step, no library.
(function () {
  "use strict";
  document.documentElement.classList.add("js");
  var $ = function (id) { return document.getElementById(id); };

  // --- the receipt: copy the claim code
  var copy = $("copy");
  if (copy) {
    copy.hidden = false;
    copy.addEventListener("click", function () {
      var told = function (ok) { $("copied").textContent = ok ? "已复制" : "没能复制，请截屏或抄下来"; };
      if (navigator.clipboard && window.isSecureContext) {
        navigator.clipboard.writeText(copy.dataset.copy).then(function () { told(true); }, function () { told(false); });
        return;
      }
      getSelection().selectAllChildren($("claim"));
      var ok = false;
      try { ok = document.execCommand("copy"); } catch (e) { /* told below */ }
      told(ok);
    });
  }

  var form = $("report");
  if (!form || !window.FormData || !window.XMLHttpRequest) return;

  var SIDE = 1280, QUALITY = 0.8;
  var DAYS_KEPT = 6; // the server keeps an answer for seven: an older sending might be done twice
  var STALLED = 45000; // ms without one more byte
  var MOST = Number(form.dataset.photos);
  var input = $("photos"), previews = $("previews"), says = $("sending"), button = $("send"), text = $("text");
  var photos = []; // {data: ArrayBuffer, url}
  var making = Promise.resolve(); // photos are made small one after another: old phones have little memory
  var arrived = false, touched = false;
  var sending = null; // {once, fields, photos, tries, timer, xhr, until: not before this moment} while a report is on its way

  // --- what was written, kept on this phone until it has arrived (IndexedDB holds the photos too)
  var KEY = location.pathname;
  function store(mode, act, done) {
    try {
      var opening = indexedDB.open("louzhang", 1);
      opening.onupgradeneeded = function () { opening.result.createObjectStore("drafts"); };
      opening.onerror = function () { if (done) done(); };
      opening.onsuccess = function () {
        var tx = opening.result.transaction("drafts", mode);
        var asked = act(tx.objectStore("drafts"));
        tx.oncomplete = function () { opening.result.close(); if (done) done(asked.result); };
        tx.onabort = tx.onerror = function () { opening.result.close(); if (done) done(); };
      };
    } catch (e) { if (done) done(); } // a private window keeps nothing; sending still works
  }
  function fields() {
    var found = [];
    new FormData(form).forEach(function (value, name) {
      if (typeof value === "string" && name !== "once") found.push([name, value]);
    });
    return found;
  }
  function keep(done) {
    if (arrived) return;
    var draft = { at: Date.now(), once: form.once.value, fields: sending ? sending.fields : fields(),
                  photos: photos.map(function (p) { return p.data; }), sending: !!sending,
                  until: sending ? sending.until : 0 };
    store("readwrite", function (drafts) { return drafts.put(draft, KEY); }, done);
  }
  function forget(done) { store("readwrite", function (drafts) { return drafts.delete(KEY); }, done); }
  var later;
  function keepSoon() { clearTimeout(later); later = setTimeout(function () { keep(); }, 300); }

  function restore(draft) {
    if (touched) return; // somebody types faster than the phone remembers
    var written = draft.fields.filter(function (f) { return f[1] && f[0] !== "form_token" && f[0] !== "join" && f.join() !== "anonymity,open"; }); // the page has a fresh one
    if (!written.length && !draft.photos.length) return;
    written.forEach(function (f) {
      var at = form.elements[f[0]];
      if (!at) return; // the office changed what is asked since
      if (f[0] === "anonymity") $("anonymity").open = true;
      Array.prototype.forEach.call(at.tagName ? [at] : at, function (box) {
        if (box.type !== "radio" && box.type !== "checkbox") box.value = f[1];
        else if (box.value === f[1]) box.checked = true;
      });
    });
    draft.photos.forEach(show);
    count();
    if (draft.sending) {
      form.once.value = draft.once;
      start(draft.fields, draft.until);
    } else {
      say("上次写了没发的，都还在。");
    }
  }

  // --- counting
  function count() {
    var most = text.maxLength;
    $("count").textContent = text.value ? "已写 " + text.value.length + " 字，最多 " + most + " 字。" : "";
  }

  // --- photos
  function small(file, done) {
    var url = URL.createObjectURL(file), image = new Image();
    image.onerror = function () { URL.revokeObjectURL(url); done(null); };
    image.onload = function () {
      URL.revokeObjectURL(url);
      var shrink = Math.min(1, SIDE / Math.max(image.naturalWidth, image.naturalHeight));
      var canvas = document.createElement("canvas");
      canvas.width = Math.max(1, Math.round(image.naturalWidth * shrink));
      canvas.height = Math.max(1, Math.round(image.naturalHeight * shrink));
      var pen = canvas.getContext("2d");
      if (!pen || !image.naturalWidth) return done(null);
      pen.fillStyle = "#fff"; // see-through pictures get paper behind them
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob(function (blob) {
        canvas.width = canvas.height = 0; // iOS frees a canvas's memory only so
        if (!blob) return done(null);
        var reader = new FileReader();
        reader.onload = function () { done(reader.result); };
        reader.onerror = function () { done(null); };
        reader.readAsArrayBuffer(blob);
      }, "image/jpeg", QUALITY);
    };
    image.src = url;
  }
  function show(data) {
    if (photos.length >= MOST) return;
    var photo = { data: data, url: URL.createObjectURL(new Blob([data], { type: "image/jpeg" })) };
    photos.push(photo);
    var item = document.createElement("li"), image = document.createElement("img"), remove = document.createElement("button");
    image.src = photo.url;
    image.alt = "选好的照片";
    remove.type = "button";
    remove.className = "plain";
    remove.textContent = "去掉";
    remove.addEventListener("click", function () {
      photos.splice(photos.indexOf(photo), 1);
      URL.revokeObjectURL(photo.url);
      item.remove();
      wrong("photos", "");
      changed();
      input.focus();
    });
    item.appendChild(image);
    item.appendChild(remove);
    previews.appendChild(item);
  }
  input.addEventListener("change", function () {
    var chosen = Array.prototype.slice.call(input.files);
    input.value = ""; // from here on the photos are ours; the same picture can be chosen again
    wrong("photos", "");
    if ($("lost")) $("lost").remove();
    chosen.forEach(function (file) {
      making = making.then(function () {
        return new Promise(function (done) {
          if (photos.length >= MOST) { wrong("photos", "最多 " + MOST + " 张照片，多的没有加上。"); return done(); }
          small(file, function (data) {
            if (data) { show(data); changed(); } else { wrong("photos", "有一张照片打不开，请换一张，或者截屏后再选。"); }
            done();
          });
        });
      });
    });
  });

  // --- saying what is wrong, and where things stand
  function wrong(name, message) {
    var slot = document.querySelector('[data-slot="' + name + '"]');
    if (slot) slot.textContent = message;
    return slot;
  }
  function say(message, action, act) {
    says.textContent = message;
    if (!action) return;
    var more = document.createElement("button");
    more.type = "button";
    more.className = "plain";
    more.textContent = action;
    more.addEventListener("click", act);
    says.appendChild(document.createElement("br"));
    says.appendChild(more);
  }
  function hold(held) {
    Array.prototype.forEach.call(form.elements, function (e) { if (e.type !== "hidden" && !says.contains(e)) e.disabled = held; });
    button.textContent = held ? "正在发送" : "发送";
  }
  function newOnce() {
    var bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.prototype.map.call(bytes, function (b) { return ("0" + b.toString(16)).slice(-2); }).join("");
  }

  // --- sending: the same key and the same bytes until there is an answer
  var mayHaveArrived = false;
  function changed() {
    if (sending) return;
    // What was sent before may have arrived although we never heard: other words need a key of their own.
    if (mayHaveArrived) { form.once.value = newOnce(); mayHaveArrived = false; }
    if (says.textContent) say("");
    keepSoon();
  }
  function start(told, until) {
    sending = { fields: told, tries: 0, until: until || 0 };
    hold(true);
    keep();
    // A page that was opened again still waits as long as it was told, but never longer than an hour or two: clocks jump.
    var wait = Math.min(sending.until - Date.now(), 72e5);
    if (wait <= 0) return attempt();
    waiting("发得太快了，", wait);
    sending.timer = setTimeout(attempt, wait);
  }
  function attempt() {
    clearTimeout(sending.timer);
    var body = new FormData(), xhr = new XMLHttpRequest(), last = Date.now(), watch;
    body.append("once", form.once.value);
    sending.fields.forEach(function (f) { body.append(f[0], f[1]); });
    photos.forEach(function (p, i) { body.append("photos", new Blob([p.data], { type: "image/jpeg" }), i + 1 + ".jpg"); });
    sending.xhr = xhr;
    mayHaveArrived = true;
    say("正在发送…");
    xhr.open("POST", location.pathname);
    xhr.setRequestHeader("Idempotency-Key", form.once.value); // known before the body is read: a repetition is not counted
    xhr.upload.onprogress = function (e) {
      last = Date.now();
      if (e.lengthComputable && photos.length) say("正在发送… " + Math.floor(e.loaded / e.total * 100) + "%");
    };
    watch = setInterval(function () { if (Date.now() - last > STALLED) xhr.abort(); }, 1000);
    xhr.onloadend = function () {
      clearInterval(watch);
      if (!sending || sending.xhr !== xhr) return; // stopped by hand
      if (xhr.status === 200 && new URL(xhr.responseURL).pathname !== location.pathname) {
        var to = xhr.responseURL, go = function () { location.replace(to); };
        arrived = true;
        forget(go);
        setTimeout(go, 1500); // some phones' databases never answer
        return;
      }
      if ([0, 408, 409, 425, 429, 500, 502, 503, 504].indexOf(xhr.status) >= 0) return again(xhr);
      refused(xhr);
    };
    xhr.send(body);
  }
  function again(xhr) {
    sending.tries += 1;
    var asked = Number(xhr.status && xhr.getResponseHeader("Retry-After")) || 0;
    var wait = Math.max(asked * 1000, Math.min(30, Math.pow(2, sending.tries)) * 1000);
    if (asked) wait += Math.random() * Math.min(wait, 5000); // whoever was told to wait does not come back all at once
    sending.until = asked ? Date.now() + wait : 0;
    var why = xhr.status === 429 ? "发得太快了，" : xhr.status ? "系统正忙，" : "没有信号，";
    sending.timer = setTimeout(attempt, wait);
    // "写的都在" is said once it is true: whoever reads it may close the page.
    keep(function () { if (sending && sending.xhr === xhr) waiting(why, wait); });
  }
  function waiting(why, wait) {
    var when = wait > 6e4 ? "大约 " + Math.ceil(wait / 6e4) + " 分钟后" : "等一等";
    say(why + "还没发出去。写的都在，" + when + "会自动再发。", "停下来改一改", stop);
  }
  function stop() {
    clearTimeout(sending.timer);
    var xhr = sending.xhr;
    sending = null;
    if (xhr) xhr.abort(); // none yet on a page that was opened again and waits
    hold(false);
    keep();
    say("已停下，没有再发。改好后请再点发送。");
  }
  function refused(xhr) {
    var page = new DOMParser().parseFromString(xhr.responseText, "text/html"), first = null, any = false;
    var answers = page.querySelectorAll("[data-slot]");
    Array.prototype.forEach.call(answers, function (from) {
      var slot = wrong(from.dataset.slot, from.textContent);
      if (from.textContent && slot) { any = true; if (from.dataset.slot !== "_") first = first || slot; }
    });
    var alarm = page.getElementById("alarm"), call = alarm && alarm.firstElementChild;
    $("alarm").innerHTML = call ? alarm.innerHTML : "";
    if (call) { any = true; first = $("alarm"); }
    if (!any) wrong("_", (page.querySelector("[data-detail]") || {}).textContent || "没有发出去，请稍后再试。");
    form.once.value = newOnce(); // a refusal keeps nothing, so the next sending is another one
    mayHaveArrived = false;
    sending = null;
    hold(false);
    keep();
    say(call ? "还没有发出去：请先打电话。" : "没有发出去，请改一下再发。");
    (first || document.querySelector('[data-slot="_"]')).scrollIntoView({ block: "center" });
  }
  window.addEventListener("online", function () {
    if (sending && sending.timer && Date.now() >= sending.until && sending.xhr && sending.xhr.readyState === 4) attempt();
  });

  var joins = ""; // the neighbour's report that 我也遇到 was tapped beside
  form.addEventListener("click", function (event) { joins = event.target.name === "join" ? event.target.value : ""; });
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    if (sending) return;
    var joined = joins ? [["join", joins]] : [];
    hold(true); // a second tap finds nothing to press while the last photo is made small
    making.then(function () { hold(false); start(fields().concat(joined)); });
  });
  form.addEventListener("input", function (event) { touched = true; if (event.target !== input) { count(); changed(); } });
  form.addEventListener("change", function (event) {
    if (event.target !== input) changed();
    // The usual sentences appear under the tiles; on a small screen that is below what is seen.
    if (event.target.name === "category") document.querySelector(".phrases").scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("visibilitychange", function () {
    if (document.hidden && later) { clearTimeout(later); keep(); } // another app came to the front; we may not come back
  });

  store("readonly", function (drafts) { return drafts.get(KEY); }, function (draft) {
    if (!draft || form.dataset.typed) return; // the page came back from the server with its own words
    if (Date.now() - draft.at > DAYS_KEPT * 864e5) return forget();
    restore(draft);
  });
  count();
})();
