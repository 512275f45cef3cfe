import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { LogLine } from "../../src/logs/line";
import { StatusMark } from "../../src/ui/status-shape";

test("a line of a log shows markup as text", () => {
  const { container } = render(
    <LogLine text={"\u001b[31m<img src=x>\u001b[0m ok"} number={12_345} top={0} language="en" note={null} />,
  );
  expect(container.querySelector("img")).toBeNull();
  expect(screen.getByText("<img src=x>")).toBeTruthy();
  expect(container.textContent).toContain("12,345");
});

test("every state has a shape and a word of its own", () => {
  const states = ["running", "finished", "failed", "interrupted", "killed", "lost"] as const;
  const shapes = states.map((status) => {
    const { container, unmount } = render(<StatusMark status={status} />);
    const shape = container.querySelector("path")?.getAttribute("d") ?? "";
    expect(container.textContent).toBe(status);
    unmount();
    return shape;
  });
  expect(shapes.every(Boolean)).toBe(true);
});
