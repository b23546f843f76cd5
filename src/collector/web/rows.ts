// A click anywhere in a row opens it. The row's link, or the button of a group, does the work: it is what the keyboard and a
// screen reader use, and what a middle click or the browser's menu acts on.

import { lastRow } from './state.ts'

/** Listens until the returned function is called. */
export function installRows(): () => void {
  document.addEventListener('click', onClick)
  return () => document.removeEventListener('click', onClick)
}

function onClick(event: MouseEvent): void {
  const target = event.target as Element
  if (event.defaultPrevented || target.closest('a, button, input, select, summary')) return
  const link = target.closest('tr')?.querySelector<HTMLElement>('[data-row]')
  // Who has selected a text in the row wanted the text.
  if (!link || getSelection()?.isCollapsed === false) return
  // Held keys are handed on: a new tab, a new window.
  const { ctrlKey, metaKey, shiftKey } = event
  link.dispatchEvent(
    new MouseEvent('click', { bubbles: true, cancelable: true, ctrlKey, metaKey, shiftKey }),
  )
}

/** Within which what was brought is drawn, on a machine that does much else. */
const FRAMES_MAX = 20

/** After the button that brought rows has gone with the keyboard's place: on to the first of them. */
export function focusBrought(row: string | undefined, frames = FRAMES_MAX): void {
  if (row === undefined || frames === 0) return
  requestAnimationFrame(() => {
    const brought = document.querySelector<HTMLElement>(`[data-row="${CSS.escape(row)}"]`)
    // A browser puts it on what is around the button that went, which is no place in a list.
    if (brought && document.activeElement?.matches('body, main')) brought.focus()
    // It is not drawn yet, or what was pressed is still there.
    else focusBrought(row, frames - 1)
  })
}

/** Puts the focus on the row one came back from, unless it is somewhere already. */
export function focusLastRow(): void {
  const focused = document.activeElement
  if (lastRow.value === '' || (focused !== document.body && focused?.id !== 'main')) return
  document.querySelector<HTMLElement>(`[data-row="${CSS.escape(lastRow.value)}"]`)?.focus()
}
