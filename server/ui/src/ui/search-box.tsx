import Search from "lucide-react/icons/search";
import X from "lucide-react/icons/x";
import { useT } from "../i18n";
import { useEffect, useRef, useState, type RefObject } from "../lib/react";

/** Typing is applied after this pause `[ms]`. */
const PAUSE = 200;

type Props = {
  label: string;
  hint: string;
  value: string;
  onChange: (value: string) => void;
  ref?: RefObject<HTMLInputElement | null>;
};

/** A search field that waits for a pause and for the end of composing, and needs no Enter. */
export function SearchBox({ label, hint, value, onChange, ref }: Props) {
  const t = useT();
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  const isComposing = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // The address may change under the field: Back, or a link. What is being typed stays.
  if (value !== known) {
    setKnown(value);
    setText(value);
  }
  useEffect(() => () => clearTimeout(timer.current), []);
  const apply = (next: string) => {
    setKnown(next);
    onChange(next);
  };
  const plan = (next: string) => {
    clearTimeout(timer.current);
    if (!isComposing.current) timer.current = setTimeout(() => apply(next), PAUSE);
  };
  const clear = () => {
    clearTimeout(timer.current);
    setText("");
    apply("");
  };
  return (
    <div className="search">
      <Search className="icon" aria-hidden="true" />
      <input
        ref={ref}
        type="text"
        aria-label={label}
        placeholder={hint}
        value={text}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => {
          setText(event.target.value);
          plan(event.target.value);
        }}
        onCompositionStart={() => {
          isComposing.current = true;
          clearTimeout(timer.current);
        }}
        onCompositionEnd={(event) => {
          isComposing.current = false;
          plan(event.currentTarget.value);
        }}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || event.nativeEvent.isComposing) return;
          if (text === "") event.currentTarget.blur();
          else clear();
        }}
      />
      {text !== "" && (
        <button type="button" className="icon-button search-clear" aria-label={t("app.clear")} onClick={clear}>
          <X className="icon icon-small" />
        </button>
      )}
    </div>
  );
}
