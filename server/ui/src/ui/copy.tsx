import Check from "lucide-react/icons/check";
import CopyIcon from "lucide-react/icons/copy";
import { currentT, useT, type Key } from "../i18n";
import { useEffect, useState } from "../lib/react";
import { say } from "./say";

/** Copy a text and say so. */
export async function copyText(text: string, done: Extract<Key, "copy.done" | "copy.link"> = "copy.done"): Promise<boolean> {
  const t = currentT();
  try {
    await navigator.clipboard.writeText(text);
    say(t(done));
    return true;
  } catch {
    say(t("copy.failed"));
    return false;
  }
}

type Props = { text: string; label?: string; isIconOnly?: boolean };

/** A button that copies a text. */
export function CopyButton({ text, label, isIconOnly = false }: Props) {
  const t = useT();
  const [isDone, setDone] = useState(false);
  useEffect(() => {
    if (!isDone) return undefined;
    const timer = setTimeout(() => setDone(false), 1_500);
    return () => clearTimeout(timer);
  }, [isDone]);
  const shown = label ?? t("copy.copy");
  const icon = isDone ? <Check className="icon" /> : <CopyIcon className="icon" />;
  const onClick = () => void copyText(text).then(setDone);
  return isIconOnly ? (
    <button type="button" className="icon-button" aria-label={shown} title={shown} onClick={onClick}>
      {icon}
    </button>
  ) : (
    <button type="button" className="button" onClick={onClick}>
      {icon}
      {shown}
    </button>
  );
}
