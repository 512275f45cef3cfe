import { createStore } from "../lib/store";
import { socketUrl } from "./client";
import { backoff, mergeTopics, parseNotice, type Notice, type Topic } from "./live-protocol";

export type Connection = "open" | "connecting" | "reconnecting" | "offline" | "paused";

/** A lost connection is kept quiet for this long `[ms]`: most come back at once. */
const QUIET = 3_000;
/** After this long without the server the page says that it is offline `[ms]`. */
const GIVE_UP = 30_000;
/** The server says something every 15 s; twice that and a bit means that the line is dead `[ms]`. */
const SILENCE = 40_000;
/** A hidden tab stops listening after this long `[ms]`. */
const HIDDEN = 10_000;

/** State of the connection, and when the server last said anything `[UTC ms]`. */
export const connection = createStore<Connection>("connecting");
export const lastMessageAt = createStore<number | null>(null);

type Listener = { onNotice: (notice: Notice) => void; onCatchUp: () => void };

const listeners = new Set<Listener>();
const wanted = new Map<symbol, readonly Topic[]>();
let socket: WebSocket | null = null;
let attempt = 0;
let lostAt: number | null = null;
let isPaused = false;
let isHidden = false;
let missedSomething = false;
let sent = "";
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let stateTimer: ReturnType<typeof setTimeout> | undefined;
let silenceTimer: ReturnType<typeof setTimeout> | undefined;
let hiddenTimer: ReturnType<typeof setTimeout> | undefined;

function sendTopics(): void {
  if (socket?.readyState !== WebSocket.OPEN) return;
  const topics = isPaused || isHidden ? [] : mergeTopics(wanted.values());
  const text = JSON.stringify({ sub: topics });
  if (text === sent) return;
  sent = text;
  socket.send(text);
}

let isSendPlanned = false;

/** Panels come and go in bunches while scrolling; one message a turn is enough. */
function planSend(): void {
  if (isSendPlanned) return;
  isSendPlanned = true;
  queueMicrotask(() => {
    isSendPlanned = false;
    sendTopics();
  });
}

function heard(): void {
  lastMessageAt.set(Date.now());
  clearTimeout(silenceTimer);
  silenceTimer = setTimeout(() => socket?.close(), SILENCE);
}

function showLoss(): void {
  if (isPaused || lostAt === null) return;
  const age = Date.now() - lostAt;
  if (age >= GIVE_UP) connection.set("offline");
  else if (age >= QUIET) connection.set("reconnecting");
  const wait = age < QUIET ? QUIET - age : GIVE_UP - age;
  clearTimeout(stateTimer);
  if (wait > 0) stateTimer = setTimeout(showLoss, wait);
}

function onOpen(): void {
  const wasLost = lostAt !== null;
  attempt = 0;
  lostAt = null;
  sent = "";
  clearTimeout(stateTimer);
  heard();
  if (!isPaused) connection.set("open");
  sendTopics();
  if (wasLost) catchUp();
}

function onClose(): void {
  socket = null;
  clearTimeout(silenceTimer);
  lostAt ??= Date.now();
  showLoss();
  clearTimeout(retryTimer);
  retryTimer = setTimeout(connect, backoff(attempt));
  attempt += 1;
}

function connect(): void {
  const next = new WebSocket(socketUrl("v2/live"));
  socket = next;
  next.addEventListener("open", onOpen);
  next.addEventListener("close", onClose);
  next.addEventListener("message", (event) => {
    heard();
    const notice = parseNotice(String(event.data));
    if (!notice || notice.t === "ping") return;
    // A notice may still be under way when the subscription has already ended.
    if (isPaused || isHidden) missedSomething = true;
    else listeners.forEach((listener) => listener.onNotice(notice));
  });
}

/** Ask everyone to fetch what they show once more: notices may have been missed. */
function catchUp(): void {
  if (isPaused || isHidden) {
    missedSomething = true;
    return;
  }
  missedSomething = false;
  listeners.forEach((listener) => listener.onCatchUp());
}

function onVisibility(): void {
  clearTimeout(hiddenTimer);
  if (document.hidden) {
    hiddenTimer = setTimeout(() => {
      isHidden = true;
      missedSomething = true;
      sendTopics();
    }, HIDDEN);
  } else if (isHidden) {
    isHidden = false;
    sendTopics();
    if (missedSomething) catchUp();
  }
}

/** Open the one socket of this tab. */
export function startLive(): void {
  document.addEventListener("visibilitychange", onVisibility);
  connect();
}

/** Pause or resume; after a pause the page catches up once. */
export function togglePause(): boolean {
  isPaused = !isPaused;
  sendTopics();
  if (isPaused) {
    missedSomething = true;
    connection.set("paused");
    return true;
  }
  if (socket?.readyState === WebSocket.OPEN) {
    connection.set("open");
    catchUp();
  } else {
    connection.set("connecting");
    showLoss();
  }
  return false;
}

/** Want notices of some topics until the returned function is called. */
export function subscribeTopics(topics: readonly Topic[]): () => void {
  const key = Symbol("topics");
  wanted.set(key, topics);
  planSend();
  return () => {
    wanted.delete(key);
    planSend();
  };
}

/** Hear all notices that arrive. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
