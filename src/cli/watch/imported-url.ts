/** The context of an import, as Node passes it to hooks. */
export interface Context {
  readonly parentURL?: string | undefined
}

/** Returns the URL of a file of the user; undefined for built-in modules and installed packages. */
export function importedUrl(url: string): string | undefined {
  if (!url.startsWith('file:') || url.includes('/node_modules/')) return undefined
  return withoutQuery(url)
}

/** Returns the URL that a relative import would have, for an import that failed. */
export function missingUrl(specifier: string, { parentURL }: Context): string | undefined {
  if (!/^(\.{0,2}\/|file:)/.test(specifier) || parentURL === undefined || !URL.canParse(specifier, parentURL))
    return undefined
  return importedUrl(new URL(specifier, parentURL).href)
}

/** Loaders such as tsx add a query. */
function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/, '')
}
