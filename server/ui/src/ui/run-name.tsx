import { showControls, splitLabel } from "../i18n/names";

/** The label of a run, which loses its shared beginning first where there is no room for all of it. */
export function RunName({ label }: { label: string }) {
  const [head, tail] = splitLabel(showControls(label));
  return (
    // A name of a right-to-left script is cut at its own end.
    <span className="name" dir="auto">
      <span className="name-head">{head}</span>
      {tail !== "" && <span>{tail}</span>}
    </span>
  );
}
