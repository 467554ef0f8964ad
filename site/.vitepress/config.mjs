import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'
import { repositoryLinks, slugify, withoutBadges } from '../lib/markdown.mjs'
import { ROOT, sections } from '../lib/pages.mjs'

const found = sections()
const pages = found.flatMap((section) => section.pages)
const { description } = pages.find(({ source }) => source === 'README.md')
const linkOf = ({ file }) => `/${file.replace(/(?:\bindex)?\.md$/, '')}`
const ofSite = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const api = { text: 'API', link: '/api/index.html', target: '_self' }

/** Finds the package of the components that pages become, which are not below site/, where packages are. */
const packagesOfSite = {
  name: 'packages-of-site',
  enforce: 'pre',
  async resolveId(id, importer) {
    if (!/^vue(?:$|\/)/.test(id) || !importer?.endsWith('.md')) return null
    return this.resolve(id, ofSite('package.json'), { skipSelf: true })
  },
}

export default defineConfig({
  title: 'Millrace',
  description,
  lang: 'en',
  /** The path below which a server has the site, such as `/millrace/`. */
  base: process.env.SITE_BASE ?? '/',
  // No icon: without this line browsers look for one, and find none.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  srcDir: '..',
  // Only docs/ and the files beside it are pages. Other folders have Markdown too, in thousands of packages.
  srcExclude: readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'docs')
    .map(({ name }) => `${name}/**`),
  rewrites: Object.fromEntries(pages.map(({ source, file }) => [source, file])),
  outDir: process.env.SITE_OUT ?? join(ROOT, 'out/site'),
  cacheDir: ofSite('node_modules/.vitepress'),
  markdown: {
    anchor: { slugify },
    config(md) {
      repositoryLinks(md, pages)
      withoutBadges(md)
    },
  },
  transformPageData: ({ filePath }) => ({ description: pages.find(({ source }) => source === filePath)?.description }),
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Getting started', link: '/getting-started' },
      { text: 'Guide', link: '/guide/streams' },
      { text: 'Connectors', link: '/connectors/' },
      { text: 'Operations', link: '/reference/operations' },
      api,
    ],
    sidebar: found.map(({ title, pages }) => {
      if (pages.length === 1) return { text: title, link: linkOf(pages[0]) }
      const items = pages.map((page) => ({ text: page.title, link: linkOf(page) }))
      if (title === 'Reference') items.push(api)
      return { text: title, items, collapsed: title === 'Decisions' || title === 'Project' }
    }),
  },
  vite: {
    plugins: [packagesOfSite],
    // The index of search, which is loaded on demand, is larger than the limit for applications.
    build: { chunkSizeWarningLimit: 4_000 },
  },
})
