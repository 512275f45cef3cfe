import { useLayoutEffect, useState, type RefObject } from "../lib/react";

/** Size of an element's content box, in whole CSS pixels. */
export function useSize(ref: RefObject<HTMLElement | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const measure = (width: number, height: number) => {
      const next = { width: Math.floor(width), height: Math.floor(height) };
      setSize((old) => (old.width === next.width && old.height === next.height ? old : next));
    };
    const observer = new ResizeObserver(([entry]) => {
      if (entry) measure(entry.contentRect.width, entry.contentRect.height);
    });
    measure(element.clientWidth, element.clientHeight);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return size;
}
