/**
 * As much of a DOM as the status page's island touches: elements with attributes and children, and the selectors
 * `tag`, `tag#id`, `[data-x]`, `tag[data-x]` and `[data-x=y]`. A page is built by the test, and "parsed" by looking it up.
 */
export class FakeElement extends EventTarget {
  private readonly named: Map<string, string>;
  children: FakeElement[];
  textContent = "";
  hidden = true;
  submitted = 0;
  readonly tag: string;

  constructor(tag: string, attributes: Record<string, string> = {}, children: FakeElement[] = []) {
    super();
    this.tag = tag;
    this.named = new Map(Object.entries(attributes));
    this.children = children;
  }

  get id(): string {
    return this.named.get("id") ?? "";
  }

  /** `data-expires-at` as `dataset.expiresAt`. */
  get dataset(): Record<string, string | undefined> {
    const attribute = (name: string): string =>
      `data-${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
    return new Proxy(
      {},
      {
        get: (_, name) => this.named.get(attribute(String(name))),
        set: (_, name, value) => Boolean(this.named.set(attribute(String(name)), String(value))),
      },
    );
  }

  get attributes(): { name: string; value: string }[] {
    return [...this.named].map(([name, value]) => ({ name, value }));
  }

  get childNodes(): FakeElement[] {
    return this.children;
  }

  getAttribute(name: string): string | null {
    return this.named.get(name) ?? null;
  }

  getAttributeNames(): string[] {
    return [...this.named.keys()];
  }

  setAttribute(name: string, value: string): void {
    this.named.set(name, value);
  }

  removeAttribute(name: string): void {
    this.named.delete(name);
  }

  toggleAttribute(name: string, on: boolean): void {
    if (on) {
      this.named.set(name, "");
    } else {
      this.named.delete(name);
    }
  }

  replaceChildren(...children: FakeElement[]): void {
    this.children = children;
  }

  matches(selector: string): boolean {
    const [, tag, id, attribute, value] =
      /^(\w*)(?:#([\w-]+))?(?:\[([\w-]+)(?:=(\w+))?\])?$/.exec(selector) ?? [];
    return (
      (!tag || tag === this.tag) &&
      (!id || id === this.id) &&
      (!attribute || this.named.has(attribute)) &&
      (!value || this.named.get(attribute ?? "") === value)
    );
  }

  querySelectorAll(selector: string): FakeElement[] {
    return this.children.flatMap((child) => [
      ...(child.matches(selector) ? [child] : []),
      ...child.querySelectorAll(selector),
    ]);
  }

  querySelector(selector: string): FakeElement | null {
    return this.querySelectorAll(selector)[0] ?? null;
  }

  contains(other: unknown): boolean {
    return this === other || this.children.some((child) => child.contains(other));
  }

  focus(): void {
    (globalThis.document as unknown as FakeDocument).activeElement = this;
  }

  submit(): void {
    this.submitted += 1;
  }
}

export class FakeDocument extends EventTarget {
  visibilityState = "visible";
  title: string;
  readonly body: FakeElement;
  activeElement: FakeElement;

  constructor(title: string, main?: FakeElement) {
    super();
    this.title = title;
    this.body = new FakeElement("body", {}, main ? [main] : []);
    this.activeElement = this.body;
  }

  querySelector(selector: string): FakeElement | null {
    return this.body.querySelector(selector);
  }

  getElementById(id: string): FakeElement | null {
    return this.querySelector(`#${id}`);
  }
}
