import { useT } from "../i18n";
import { formatAbsolute, formatAgo, zoneName } from "../i18n/format";
import { useNow } from "./use-now";

/** A moment as "2 min ago", with date and zone in its title. */
export function Ago({ at }: { at: number | null }) {
  const t = useT();
  const now = useNow();
  if (at === null) return <span title={t("num.missing")}>{formatAgo(t, at, now)}</span>;
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={`${formatAbsolute(at)} (${zoneName()})`}>
      {formatAgo(t, at, now)}
    </time>
  );
}
