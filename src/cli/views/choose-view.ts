import type { Figures } from '../figures.js'
import { jsonView } from './json-view.js'
import { lineView } from './line-view.js'
import { tableView } from './table-view.js'
import type { RunTitle, View } from './view.js'

export interface ViewOptions {
  readonly json: boolean
  readonly title: RunTitle
  readonly figures: Figures
  readonly process: Pick<NodeJS.Process, 'stdout' | 'stderr' | 'env'>
}

/** Returns the JSON view if the user asks for it, the table on a terminal that can move its cursor, and else lines. */
export function chooseView({ json, title, figures, process: { stdout, stderr, env } }: ViewOptions): View {
  if (json) return jsonView({ stdout, stderr }, title)
  if (!stderr.isTTY || env.TERM === 'dumb') return lineView({ stdout, stderr }, title)
  // The convention of no-color.org: set and not empty.
  return tableView({ stdout, stderr }, title, figures, !env.NO_COLOR)
}
