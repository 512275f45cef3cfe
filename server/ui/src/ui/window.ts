/** Rows [first, last) of a long list that are kept in the page. */
export type Slice = { first: number; last: number };

/** The rows in sight and `extra` more on both sides. All rows have the same height. */
export function sliceOf(scrollTop: number, viewHeight: number, rowHeight: number, total: number, extra: number): Slice {
  const first = Math.floor(scrollTop / rowHeight) - extra;
  const last = Math.ceil((scrollTop + viewHeight) / rowHeight) + extra;
  const clamp = (n: number) => Math.max(0, Math.min(total, n));
  return { first: clamp(first), last: clamp(last) };
}

/** Whether the last row is in sight, give or take half a row: browsers scroll by fractions. */
export function isAtEnd(scrollTop: number, viewHeight: number, contentHeight: number, rowHeight: number): boolean {
  return scrollTop + viewHeight >= contentHeight - rowHeight / 2;
}

/** The scroll position that brings a row into sight by the shortest way. */
export function scrollToRow(row: number, scrollTop: number, viewHeight: number, rowHeight: number): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  if (top + rowHeight > scrollTop + viewHeight) return top + rowHeight - viewHeight;
  return scrollTop;
}
