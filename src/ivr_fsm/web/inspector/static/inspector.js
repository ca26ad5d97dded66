// Makes pages move: clocks, the live calls, the present call. Without it every page still says all it knows.
"use strict";

const span = (seconds) => {
  const whole = Math.max(0, Math.round(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
};

// How far this machine's clock is behind the service's, in milliseconds: said by each event of the stream.
let behind = 0;

const tick = () => {
  const now = Date.now() + behind;
  for (const each of document.querySelectorAll("[data-since]")) each.textContent = (each.dataset.lead ?? "") + span((now - each.dataset.since) / 1000);
  for (const each of document.querySelectorAll("[data-due]")) each.textContent = span((each.dataset.due - now) / 1000);
};

// The list of calls

// Calls that are over come into the history: it is fetched anew, not more often than every five seconds.
let renewing = 0;
const renewHistory = () => {
  if (!renewing) renewing = setTimeout(() => { renewing = 0; renew(); }, 1000 + Math.random() * 4000);
};

const takeRows = ({ rows, order, newest, count }) => {
  const body = document.querySelector("#live tbody");
  if (!body) return;
  const there = new Map([...body.children].map((row) => [row.dataset.key, row]));
  for (const [key, html] of Object.entries(rows)) {
    const made = document.createElement("template");
    made.innerHTML = html.trim();
    const row = made.content.firstElementChild;
    const old = there.get(key);
    if (old && old.outerHTML === row.outerHTML) continue;
    row.classList.add("fresh");
    const focused = old ? [...old.querySelectorAll("a")].indexOf(document.activeElement) : -1;
    if (old) old.replaceWith(row);
    there.set(key, row);
    if (focused >= 0) row.querySelectorAll("a")[focused]?.focus();
  }
  const wanted = new Set(order);
  // A call may have come and gone so quickly that it never had a row.
  if (newest !== document.body.dataset.newest && !wanted.has(newest)) renewHistory();
  document.body.dataset.newest = newest;
  for (const [key, row] of there) if (!wanted.has(key)) { row.remove(); renewHistory(); }
  order.forEach((key, index) => {
    const row = there.get(key);
    if (row && body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null);
  });
  document.querySelector("#live").hidden = !order.length;
  document.querySelector("#nobody").hidden = Boolean(order.length);
  document.querySelector("#live-count").textContent = count;
  tick();
};

// One call: the page is fetched anew, and what is open stays open.

// Returns what finds the element again that has the focus: by its id, by where it leads, or by its place within the nearest id.
const focus = (part) => {
  const at = document.activeElement;
  if (!part.contains(at)) return null;
  if (at.id) return () => document.getElementById(at.id);
  const address = at.getAttribute("href");
  if (address) return () => part.querySelector(`a[href="${CSS.escape(address)}"]`);
  const holder = at.closest("[id]");
  const index = [...holder.querySelectorAll(at.localName)].indexOf(at);
  return () => document.getElementById(holder.id)?.querySelectorAll(at.localName)[index];
};

let fetching = false;
let again = false;

const renew = async () => {
  if (fetching) { again = true; return; }
  fetching = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const open = new Set([...document.querySelectorAll("details[open][id]")].map((each) => each.id));
    for (const part of document.querySelectorAll("[data-part]")) {
      const fresh = page.getElementById(part.id);
      if (!fresh || fresh.innerHTML === part.innerHTML || part.querySelector("audio:not([paused])")?.currentTime) continue;
      const find = focus(part);
      part.replaceChildren(...fresh.childNodes);
      for (const id of open) part.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
      find?.()?.focus({ preventScroll: true });
    }
    document.title = page.title;
    listen();
    tick();
  } finally {
    fetching = false;
    if (again) { again = false; renew(); }
  }
};

// The recording runs along the lanes.

const listen = () => {
  const audio = document.querySelector("audio[data-scale]");
  if (!audio || audio.dataset.bound) return;
  audio.dataset.bound = "yes";
  const points = JSON.parse(audio.dataset.scale);
  const begin = Number(audio.dataset.begin);
  const lanes = document.querySelector("svg.lanes");
  const head = lanes.querySelector(".playhead");
  const between = (value, from, to) => {
    const last = points.findIndex((point) => point[from] >= value);
    const [a, b] = [points[Math.max(0, (last < 0 ? points.length : last) - 1)], points[last < 0 ? points.length - 1 : Math.max(1, last)]];
    return b[from] === a[from] ? a[to] : a[to] + ((value - a[from]) * (b[to] - a[to])) / (b[from] - a[from]);
  };
  const place = () => {
    const x = between(begin + audio.currentTime, 0, 1);
    head.setAttribute("x1", x);
    head.setAttribute("x2", x);
    head.setAttribute("visibility", "visible");
    if (!audio.paused) requestAnimationFrame(place);
  };
  audio.addEventListener("play", place);
  audio.addEventListener("timeupdate", place);
  lanes.addEventListener("click", (event) => {
    if (event.target.closest("a")) return;
    const box = lanes.getBoundingClientRect();
    const x = ((event.clientX - box.left) * lanes.viewBox.baseVal.width) / box.width;
    const at = between(x, 1, 0) - begin;
    if (at >= 0 && at <= audio.duration) { audio.currentTime = at; place(); }
  });
};

// The stream

const follow = (address) => {
  const offline = document.querySelector(".offline");
  let soon = 0;
  let gone = 0;
  const later = (wait) => { clearTimeout(soon); soon = setTimeout(renew, wait); };
  const open = () => {
    const stream = new EventSource(address);
    stream.addEventListener("open", () => { clearTimeout(gone); gone = 0; offline.hidden = true; });
    stream.addEventListener("error", () => {
      // Streams end from time to time, and the browser opens them again: only a while without one is told.
      gone ||= setTimeout(() => { offline.hidden = false; }, 5000);
      // An answer that is no stream (a proxy's, while the service is away) is final for the browser, not for us.
      if (stream.readyState === EventSource.CLOSED) setTimeout(open, 3000 + Math.random() * 5000);
    });
    stream.addEventListener("clock", (event) => { behind = Number(event.data) - Date.now(); tick(); });
    stream.addEventListener("rows", (event) => takeRows(JSON.parse(event.data)));
    // Many may look at one call: they do not all ask in the same instant.
    stream.addEventListener("moved", () => later(Math.random() * 300));
    stream.addEventListener("over", () => {
      stream.close();
      later(200);
      setTimeout(renew, 4000);
      setTimeout(renew, 15000);
    });
  };
  open();
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    const search = document.getElementById("q");
    if (search) { event.preventDefault(); search.focus(); }
  }
});

if (document.body.dataset.stream) follow(document.body.dataset.stream);
listen();
tick();
setInterval(tick, 1000);
