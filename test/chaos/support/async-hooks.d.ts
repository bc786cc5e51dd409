/** The one thing that tests take from Node's library; its types as a whole would clash with the Worker's. */
declare module "node:async_hooks" {
  export class AsyncLocalStorage<T> {
    getStore(): T | undefined;
    run<R>(store: T, work: () => R): R;
  }
}
