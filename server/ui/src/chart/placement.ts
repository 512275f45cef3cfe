type Size = { width: number; height: number };

const GAP = 14;
const MARGIN = 8;

/** Where a tooltip goes: beside the pointer, on the side with room, always inside the window. */
export function placeBeside(pointer: { x: number; y: number }, tip: Size, window: Size): { left: number; top: number } {
  const right = pointer.x + GAP;
  const isRoomRight = right + tip.width + MARGIN <= window.width;
  const left = isRoomRight ? right : pointer.x - GAP - tip.width;
  const below = pointer.y + GAP;
  const isRoomBelow = below + tip.height + MARGIN <= window.height;
  const top = isRoomBelow ? below : pointer.y - GAP - tip.height;
  return {
    left: Math.max(MARGIN, Math.min(left, window.width - tip.width - MARGIN)),
    top: Math.max(MARGIN, Math.min(top, window.height - tip.height - MARGIN)),
  };
}
