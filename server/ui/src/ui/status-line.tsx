import { useT } from "../i18n";
import { useStore } from "../lib/use-store";
import { said } from "./say";

/** Prints every completed action; read out politely. */
export function StatusLine({ nRunning }: { nRunning: number }) {
  const t = useT();
  const latest = useStore(said);
  return (
    <footer className="status-line" aria-label={t("app.status")}>
      <span aria-live="polite">{latest?.text}</span>
      <span>{nRunning > 0 ? t("app.running", { n: nRunning }) : ""}</span>
    </footer>
  );
}
