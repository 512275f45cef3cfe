import { useEffect, useState } from "../lib/react";

/** The time in UTC seconds, renewed while the page is visible so that "2 min ago" stays true. */
export function useNow(everySeconds = 15): number {
  const [now, setNow] = useState(() => Date.now() / 1000);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now() / 1000);
    }, everySeconds * 1000);
    return () => clearInterval(timer);
  }, [everySeconds]);
  return now;
}
