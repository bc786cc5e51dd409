/** Buttons that copy what a field holds. They are hidden until this makes them work. */

const SAY_MS = 2_000;

export function enableCopying(): void {
  // Only a page of a secure origin may write to the clipboard.
  if (!navigator.clipboard) {
    return;
  }
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => void copy(button));
  }
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const field = document.getElementById(button.dataset.copy ?? "");
  const word = button.querySelector("[data-word]");
  if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) || !word) {
    return;
  }
  field.select();
  const isCopied = await navigator.clipboard.writeText(field.value).then(
    () => true,
    () => false,
  );
  // Not allowed: it is selected, at least.
  word.textContent = isCopied ? "Copied" : "Selected";
  setTimeout(() => {
    word.textContent = "Copy";
  }, SAY_MS);
}
