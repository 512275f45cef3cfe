import { groupDigits, type Lang } from "../i18n";
import { showControls } from "../i18n/names";
import { memo } from "../lib/react";
import { lastState, parseAnsi, type Span } from "./ansi";

function classesOf(span: Span): string | undefined {
  const names = [
    span.color === null ? "" : `ansi-${span.color}`,
    span.isBold ? "is-bold" : "",
    span.isDim ? "is-dim" : "",
    span.isItalic ? "is-italic" : "",
    span.isUnderlined ? "is-underlined" : "",
    span.isInverse ? "is-inverse" : "",
  ].filter(Boolean);
  return names.length > 0 ? names.join(" ") : undefined;
}

type Props = { text: string; number: number; top: number; language: Lang; note: string | null };

/** One line of a log with its number in the file. */
export const LogLine = memo(function LogLine({ text, number, top, language, note }: Props) {
  return (
    <div className="log-line" style={{ top }}>
      <span className="log-number" aria-hidden="true">
        {groupDigits(number, language)}
      </span>
      <span className="log-text">
        {parseAnsi(lastState(text)).map((span, i) => (
          // Pieces of a line never change places.
          <span key={i} className={classesOf(span)}>
            {showControls(span.text)}
          </span>
        ))}
      </span>
      {note !== null && <span className="log-note">{note}</span>}
    </div>
  );
});
