import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import ts from 'typescript-5.4'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { openPage, startBrowser } from '../support/browser.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const ENTRIES = Object.entries(
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).exports as Record<string, { readonly types?: string }>,
).flatMap(([path, { types }]) => (types ? [{ module: `millrace${path.slice(1)}`, types: join(ROOT, types) }] : []))
const SOURCES = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.md'),
)
/** Types of Node whose names the library has too. */
const NODE_TYPES = new Set(['Writable'])
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

describe.runIf(hasService('site'))('the documentation site', () => {
  const folder = mkdtempSync(join(tmpdir(), 'site-'))
  /** The text of each HTML page, by its path in the site. */
  const pages = new Map<string, string>()
  let exports: ReadonlyMap<string, readonly string[]>
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  beforeAll(async () => {
    const env = { ...process.env, SITE_OUT: folder, SITE_BASE: '/' }
    await promisify(execFile)(process.execPath, [join(ROOT, 'site/build.mjs')], { env })
    for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
      if (path.endsWith('.html')) pages.set(path, readFileSync(join(folder, path), 'utf8'))
    exports = exportsOf(ENTRIES.map(({ types }) => types))
  }, 600_000)

  test.each(SOURCES)('has docs/%s as a page, as Markdown, and in llms.txt', (source) => {
    const path = source.replace(/README\.md$/, 'index.md')
    const [, title] = /^# (.*)$/m.exec(readFileSync(join(ROOT, 'docs', source), 'utf8'))!
    const heading = textOf(/<h1[^>]*>.*?<\/h1>/s.exec(pages.get(path.replace(/md$/, 'html'))!)![0])
    expect(heading).toContain(title!.replaceAll('`', ''))
    expect(readFileSync(join(folder, path), 'utf8')).toBe(readFileSync(join(ROOT, 'docs', source), 'utf8'))
    expect(readFileSync(join(folder, 'llms.txt'), 'utf8')).toContain(`](/${path}): `)
  })

  test.each(ENTRIES)('describes every export of $module', ({ module, types }) => {
    const page = textOf(pages.get(`api/modules/${module.replaceAll('/', '_')}.html`)!).split(/\s+/)
    const names = exports.get(types)!
    expect(names.length).toBeGreaterThan(0)
    expect(names.filter((name) => !page.includes(name))).toEqual([])
  })

  test('names no type of the library that has no page', () => {
    const own = declaredNames(join(ROOT, 'dist/types'))
    const named = [...pages]
      .filter(([path]) => path.startsWith('api/'))
      .flatMap(([path, html]) => unlinkedTypes(html).map((name) => ({ path, name })))
    expect(named.length).toBeGreaterThan(100)
    expect(named.filter(({ name }) => own.has(name) && !NODE_TYPES.has(name))).toEqual([])
  })

  test('has no link to a page, a file or a heading that is missing', () => {
    const ids = new Map([...pages].map(([path, html]) => [path, attributes(html, 'id')]))
    const dead = [...pages].flatMap(([from, html]) =>
      [...attributes(html, 'href'), ...attributes(html, 'src')]
        .filter((href) => !/^[a-z]+:/.test(href))
        .filter((href) => !resolves(folder, from, href, ids))
        .map((href) => `${from} -> ${href}`),
    )
    expect(dead).toEqual([])
  })

  test.runIf(hasService('chromium'))('searches in a browser, with no request to other servers', async () => {
    const server = createServer(({ url }, response) => {
      const path = join(folder, new URL(url!, 'http://site').pathname.replace(/\/$/, '/index.html'))
      if (!existsSync(path)) return response.writeHead(404).end()
      response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' })
      response.end(readFileSync(path))
    }).listen(0, '127.0.0.1')
    await using browser = await startBrowser()
    try {
      const page = await openPage(browser)
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const foreign: string[] = []
      const faults: string[] = []
      page.on('request', (request) => {
        if (!/^(?:data|blob):/.test(request.url()) && new URL(request.url()).origin !== origin)
          foreign.push(request.url())
      })
      page.on('response', (response) => {
        if (!response.ok()) faults.push(`${response.status()} ${response.url()}`)
      })
      page.on('pageerror', (error) => faults.push(error.message))

      await page.goto(`${origin}/`)
      // Vue sets this when the buttons of the page have their listeners.
      await page.waitForFunction(() => '__vue_app__' in document.querySelector('#app')!)
      await page.locator('#local-search button').click()
      await page.locator('#localsearch-input').fill('mapWithState')
      await page.locator('#localsearch-list a[href^="/guide/state.html"]').first().click()
      await page.locator('h1', { hasText: 'State' }).waitFor()

      await page.locator('.VPNavBarMenu a', { hasText: 'API' }).click()
      await page.locator('a', { hasText: 'millrace/kafka' }).first().click()
      await page.locator('h1', { hasText: 'millrace/kafka' }).waitFor()
      expect(foreign).toEqual([])
      expect(faults).toEqual([])
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })
})

/** Returns the names that each module exports, types included. Another compiler reads them than that of the site. */
function exportsOf(files: readonly string[]): Map<string, readonly string[]> {
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    skipLibCheck: true,
  })
  const checker = program.getTypeChecker()
  const namesOf = (file: string) => {
    const symbol = checker.getSymbolAtLocation(program.getSourceFile(file)!)
    return symbol ? checker.getExportsOfModule(symbol).map(({ name }) => name) : []
  }
  return new Map(files.map((file) => [file, namesOf(file)]))
}

/** Returns the names of all types and classes that declarations have, whether exported or not. */
function declaredNames(folder: string): Set<string> {
  const texts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
  return new Set(
    texts.flatMap((text) =>
      [...text.matchAll(/^(?:export |declare |abstract )*(?:interface|class|type|const) (\w+)/gm)].map(
        ([, name]) => name!,
      ),
    ),
  )
}

/** Returns the types that signatures and headings of a page name without a link, and members whose names are symbols. */
function unlinkedTypes(html: string): string[] {
  const types = [...html.matchAll(/<span class="tsd-signature-type">(\w+)<\/span>/g)].map(([, name]) => name!)
  const symbols = [...html.matchAll(/\[([A-Z][A-Z_]+)\]/g)].map(([, name]) => name!)
  return [...types, ...symbols]
}

function textOf(html: string): string {
  return html.replaceAll(/<wbr\s*\/?>/g, '').replaceAll(/<[^>]*>/g, ' ')
}

function attributes(html: string, name: string): Set<string> {
  return new Set([...html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, 'g'))].map((match) => match[1]!))
}

function resolves(folder: string, from: string, href: string, ids: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const [path, anchor] = href.replaceAll('&amp;', '&').split('#')
  const target = path === '' ? from : posix.join('/', path!.startsWith('/') ? '' : posix.dirname(from), path!).slice(1)
  const file = target === '' || target.endsWith('/') ? `${target}index.html` : target
  if (!existsSync(join(folder, file))) return false
  return !anchor || !ids.has(file) || ids.get(file)!.has(decodeURIComponent(anchor))
}
