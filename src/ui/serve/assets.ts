import { readFileSync } from 'node:fs'
import { PACKAGE_ROOT } from '../../package-root.js'

export interface Asset {
  readonly type: string
  readonly body: Buffer
}

/** The files of the page, by path. No other path is ever read. */
const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
  '/style.css': ['style.css', 'text/css; charset=utf-8'],
  '/icon.svg': ['icon.svg', 'image/svg+xml'],
} as const

/** Reads the files of the page, once. */
export function readAssets(): ReadonlyMap<string, Asset> {
  const folder = new URL('ui/page/', PACKAGE_ROOT)
  const read = ([path, [name, type]]: [string, readonly [string, string]]) =>
    [path, { type, body: readFileSync(new URL(name, folder)) }] as const
  return new Map(Object.entries(FILES).map(read))
}
