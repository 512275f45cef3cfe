/** A message that depends on a count `n`; `one` is for languages that have a singular. */
export type Plural = { one?: string; other: string };
export type Message = string | Plural;

type SlotsIn<S extends string> = S extends `${string}{${infer Name}}${infer Rest}`
  ? Name | SlotsIn<Rest>
  : never;

/** The slot names that a message needs, read from its English text. */
export type Slots<M> = M extends string
  ? SlotsIn<M>
  : M extends { other: infer O extends string }
    ? "n" | SlotsIn<O>
    : never;

/** What another language must provide for the English catalogue `E`. */
export type Translation<E> = { [K in keyof E]: E[K] extends string ? string : Plural };

/** Names of the slots in a text, for the checks. */
export function slotNames(message: Message): Set<string> {
  const texts = typeof message === "string" ? [message] : [message.one ?? message.other, message.other];
  return new Set(texts.flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1] ?? "")));
}
