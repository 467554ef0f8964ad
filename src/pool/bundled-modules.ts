/**
 * Modules of the package that a worker in one file has in itself. Elsewhere their URLs name files beside the package's code. A URL of this
 * scheme names them by their path in the package.
 */
const SCHEME = 'millrace:'

const modules = new Map<string, Record<string, unknown>>()

/** Returns the URL of a module that the worker must have. */
export function bundledUrl(path: string): string {
  return SCHEME + path
}

/** Registers a module of this program's own file. */
export function addBundledModule(path: string, exports: Record<string, unknown>): void {
  modules.set(bundledUrl(path), exports)
}

/** Returns the exports of a module that this program has in its own file; undefined for any other URL. */
export function bundledModule(url: string): Record<string, unknown> | undefined {
  return modules.get(url)
}
