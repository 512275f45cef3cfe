import { socketUrl } from "../api/client";
import { backoff } from "../api/live-protocol";
import { LogBuffer } from "./buffer";

export type LogState = "connecting" | "open" | "lost" | "none";

/** The server closes with this code when it knows no such run. */
const UNKNOWN_RUN = 4404;

export type LogFeed = { buffer: LogBuffer; close: () => void };

/** Read a run's log line by line; `onChange` is called at most once a frame. */
export function openLog(id: string, onChange: (state: LogState) => void): LogFeed {
  const buffer = new LogBuffer();
  let socket: WebSocket | null = null;
  let attempt = 0;
  let state: LogState = "connecting";
  let isClosed = false;
  let isTold = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const tell = () => {
    if (isTold || isClosed) return;
    isTold = true;
    requestAnimationFrame(() => {
      isTold = false;
      if (!isClosed) onChange(state);
    });
  };
  const become = (next: LogState) => {
    state = next;
    tell();
  };
  const connect = () => {
    buffer.restart();
    socket = new WebSocket(socketUrl(`runs/${encodeURIComponent(id)}/logs/ws`));
    socket.addEventListener("open", () => {
      attempt = 0;
      become("open");
    });
    socket.addEventListener("message", (event) => {
      if (buffer.push(String(event.data))) tell();
    });
    socket.addEventListener("close", (event) => {
      if (isClosed) return;
      if (event.code === UNKNOWN_RUN) return become("none");
      become("lost");
      timer = setTimeout(connect, backoff(attempt));
      attempt += 1;
    });
  };
  connect();
  return {
    buffer,
    close: () => {
      isClosed = true;
      clearTimeout(timer);
      socket?.close();
    },
  };
}
