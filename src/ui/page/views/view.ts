import type { Store } from '../store.js'

/** One page: an element that is updated while it is shown. */
export interface View {
  readonly title: string
  readonly element: HTMLElement
  update(store: Store): void
}
