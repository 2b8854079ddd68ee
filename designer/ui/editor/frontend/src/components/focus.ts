/** Where the keys go when a field is done: back to the editor, so that the next one is not typed into the field. */

export function backToEditor(field: HTMLElement): void {
  field.closest<HTMLElement>(".bw")?.focus({ preventScroll: true });
}
