import { useEffect } from "../lib/react";
import { subscribeTopics } from "./live";
import type { Topic } from "./live-protocol";

/** Want notices of these topics while the component is on the page. */
export function useTopics(topics: readonly Topic[]): void {
  const text = JSON.stringify(topics);
  useEffect(() => subscribeTopics(JSON.parse(text) as Topic[]), [text]);
}
