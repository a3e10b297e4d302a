// The page of `serve`: it sends events by the Invoke API, and hears of everything else from /feed.
"use strict";

const $ = (id) => document.getElementById(id);
const MOST_ROWS = 1000;
const invocations = new Map(); // by request id
let shown = ""; // the request id whose response is shown

function row(body, cells, before) {
  const line = document.createElement("tr");
  for (const [text, kind] of cells) {
    const cell = document.createElement("td");
    cell.textContent = text;
    if (kind) cell.className = kind;
    line.append(cell);
  }
  body.insertBefore(line, before ? body.firstChild : null);
  while (body.children.length > MOST_ROWS) (before ? body.lastChild : body.firstChild).remove();
  return line;
}

const clock = (at) => new Date(at * 1000).toLocaleTimeString(undefined, { hour12: false });
const ms = (value) => (value == null ? "" : `${value.toFixed(value < 10 ? 2 : 0)} ms`);

// Frames of AWS's event stream: their total length, that of the headers, a checksum, headers, payload, a checksum.
async function* frames(reader) {
  let data = new Uint8Array(0);
  for (;;) {
    while (data.length >= 12) {
      const view = new DataView(data.buffer, data.byteOffset);
      const size = view.getUint32(0);
      if (data.length < size) break;
      const end = 12 + view.getUint32(4);
      yield [headers(data.subarray(12, end)), data.subarray(end, size - 4)];
      data = data.slice(size);
    }
    const { done, value } = await reader.read();
    if (done) return;
    const more = new Uint8Array(data.length + value.length);
    more.set(data);
    more.set(value, data.length);
    data = more;
  }
}

function headers(data) {
  const found = {};
  const text = new TextDecoder();
  for (let at = 0; at < data.length; ) {
    const name = text.decode(data.subarray(at + 1, (at += 1 + data[at])));
    const size = data[at + 1] * 256 + data[at + 2];
    found[name] = text.decode(data.subarray(at + 3, (at += 3 + size)));
  }
  return found;
}

function state(text, kind) {
  $("state").textContent = text;
  $("state").className = kind;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function send(name, event) {
  $("wrong").textContent = "";
  $("response").textContent = "";
  state("waits", "dim");
  const path = `/2021-11-15/functions/${encodeURIComponent(name)}/response-streaming-invocations`;
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: event });
  shown = answer.headers.get("X-Amzn-RequestId") || "";
  const mine = shown;
  if (!answer.ok) {
    state(`${answer.status}`, "bad");
    $("response").textContent = pretty(await answer.text());
    return;
  }
  const text = new TextDecoder();
  let pieces = 0;
  let whole = "";
  for await (const [head, payload] of frames(answer.body.getReader())) {
    const said = text.decode(payload, { stream: true });
    if (mine !== shown) return; // another response has its place
    if (head[":event-type"] === "PayloadChunk") {
      pieces += 1;
      whole += said;
      $("response").append(said);
      state(`${pieces} piece${pieces > 1 ? "s" : ""}`, "dim");
      $("response").scrollTop = $("response").scrollHeight;
      continue;
    }
    const end = JSON.parse(said || "{}");
    if (end.ErrorCode) {
      state(end.ErrorCode, "bad");
      $("response").append((whole ? "\n" : "") + pretty(end.ErrorDetails || ""));
    } else {
      state(pieces > 1 ? `done, ${pieces} pieces` : "done", "good");
      $("response").textContent = pretty(whole);
    }
  }
}

function trySend() {
  const event = $("event").value.trim() || "{}";
  try {
    JSON.parse(event);
  } catch (error) {
    $("wrong").textContent = `The event isn't JSON: ${error.message}`;
    $("event").focus();
    return;
  }
  send($("function").value, event).catch((error) => state(`not answered: ${error.message}`, "bad"));
}

function filter() {
  const level = $("level").value;
  for (const line of $("log").children) {
    const isLevel = !level || line.dataset.level.startsWith(level);
    line.hidden = !isLevel || ($("only").checked && line.dataset.id !== shown);
  }
}

function tellLog(message) {
  const scroll = $("log-scroll");
  const isAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
  for (const record of message.records) {
    const time = record.time ? record.time.slice(11, 23) : clock(message.at);
    const cells = [[time, "dim"], [record.level], [record.id.slice(0, 8), "dim"], [record.text, "text"]];
    const line = row($("log"), cells);
    line.className = record.level;
    line.dataset.level = record.level;
    line.dataset.id = record.id;
  }
  filter();
  if (isAtEnd) scroll.scrollTop = scroll.scrollHeight;
}

function tellBegin(message) {
  const cells = [[clock(message.at), "dim"], [message.function], ["runs"], ["", "number"], ["", "number"], ["", "number"],
    [message.event.slice(0, 200), "text"], [""]];
  const line = row($("history"), cells, true);
  const again = document.createElement("button");
  again.textContent = "Send again";
  again.disabled = !message.is_whole;
  again.addEventListener("click", () => {
    $("function").value = message.function;
    $("event").value = pretty(message.event);
    trySend();
  });
  line.lastChild.append(again);
  invocations.set(message.id, line);
  if (invocations.size > MOST_ROWS) invocations.delete(invocations.keys().next().value);
}

function tellEnd(message) {
  const line = invocations.get(message.id);
  if (!line) return;
  const [, , how, duration, init, memory] = line.children;
  how.textContent = message.how;
  how.className = message.how.replace(" ", "-") === "init-error" ? "error" : message.how;
  duration.textContent = ms(message.duration_ms);
  init.textContent = ms(message.init_ms);
  memory.textContent = message.memory_mb == null ? "" : `${message.memory_mb} MB`;
}

function tellChange(message) {
  tellLog({ at: message.at, records: [{ level: "PLATFORM", id: "", text: message.text }] });
}

function follow() {
  const feed = new EventSource("/feed");
  feed.onopen = () => {
    for (const id of ["log", "history"]) $(id).replaceChildren(); // all that is kept comes again
    $("link").textContent = "";
  };
  feed.onerror = () => ($("link").textContent = "serve doesn't answer");
  const tell = { log: tellLog, begin: tellBegin, end: tellEnd, change: tellChange };
  feed.onmessage = (event) => {
    const message = JSON.parse(event.data);
    tell[message.kind](message);
  };
}

async function start() {
  const functions = await (await fetch("/page/functions")).json();
  for (const { name } of functions) $("function").append(new Option(name));
  const about = () => {
    const one = functions[$("function").selectedIndex];
    $("about").textContent = `${one.handler} · ${one.timeout} s · ${one.memory} MB${one.url ? ` · ${one.url}` : ""}`;
  };
  $("function").addEventListener("change", about);
  about();
  for (const name of await (await fetch("/page/samples")).json()) $("sample").append(new Option(name));
  $("sample").addEventListener("change", async () => {
    const name = $("sample").value;
    if (name) $("event").value = await (await fetch(`/page/samples/${encodeURIComponent(name)}`)).text();
  });
  $("send").addEventListener("click", trySend);
  $("level").addEventListener("change", filter);
  $("only").addEventListener("change", filter);
  $("clear").addEventListener("click", () => $("log").replaceChildren());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) trySend();
  });
  follow();
}

start();
