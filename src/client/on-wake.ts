/**
 * Tells when a page may have slept through news: it was hidden, offline, or in the back-forward cache.
 * Where there is no page (Node, React Native) it stays silent.
 */

/** Calls `wake` on visibilitychange (to visible), online and pageshow. Returns a function that ends it. */
export function onWake(wake: () => void): () => void {
  // React Native has a `window` that takes no listeners.
  if (typeof window === "undefined" || typeof document === "undefined" || !window.addEventListener) {
    return () => {};
  }
  const onVisibility = (): void => {
    if (document.visibilityState === "visible") {
      wake();
    }
  };
  document.addEventListener("visibilitychange", onVisibility);
  window.addEventListener("online", wake);
  window.addEventListener("pageshow", wake);
  return () => {
    document.removeEventListener("visibilitychange", onVisibility);
    window.removeEventListener("online", wake);
    window.removeEventListener("pageshow", wake);
  };
}
