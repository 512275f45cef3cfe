import { useSyncExternalStore } from "./react";
import type { Store } from "./store";

/** Read a store in a component and follow its changes. */
export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}
