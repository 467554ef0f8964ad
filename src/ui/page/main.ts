import { h, setText, show } from './dom.js'
import { count, duration, plural, uptime } from './format.js'
import { Store } from './store.js'
import { BatchView } from './views/batch.js'
import { BatchesView } from './views/batches.js'
import { ConnectorsView } from './views/connectors.js'
import { GraphView } from './views/graph.js'
import { checkpointsView, configurationView, storageView } from './views/lists.js'
import { OverviewView } from './views/overview.js'
import { SqlView } from './views/sql.js'
import { StateView } from './views/state.js'
import type { View } from './views/view.js'

/** By name. The address of a view is its name in small letters. */
const VIEWS: Readonly<Record<string, () => View>> = {
  Overview: () => new OverviewView(),
  Batches: () => new BatchesView(),
  Graph: () => new GraphView(),
  State: () => new StateView(),
  SQL: () => new SqlView(),
  Storage: storageView,
  Checkpoints: checkpointsView,
  Connectors: () => new ConnectorsView(),
  Configuration: configurationView,
}
const NAMES = new Map(Object.keys(VIEWS).map((name) => [name.toLowerCase(), name]))

const CONNECTIONS = {
  connecting: 'connecting…',
  live: 'live',
  lost: 'connection lost, trying again…',
  stopped: 'the streams have stopped',
}

const store = new Store()
const views = new Map<string, View>()
const main = document.querySelector('main')!
const state = document.querySelector('#state')!
const summary = document.querySelector('#summary')!
const connection = document.querySelector('#connection')!
let current: View | undefined

/** Shows the view that the address names, such as `#/batches/1000`. */
function route(): void {
  const [address = '', argument] = location.hash.replace(/^#\//, '').split('/')
  const key = NAMES.has(address) ? address : 'overview'
  if (key === 'batches' && argument) current = new BatchView(argument)
  else {
    let view = views.get(key)
    if (!view) views.set(key, (view = VIEWS[NAMES.get(key)!]!()))
    current = view
  }
  for (const link of document.querySelectorAll('nav a')) {
    const isCurrent = link.getAttribute('href') === `#/${key}`
    if (isCurrent) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
  document.title = `${current.title} · Millrace`
  show(main, current.element)
  update()
}

function update(): void {
  const { overview } = store
  setText(connection, CONNECTIONS[store.connection])
  document.body.dataset.connection = store.connection
  if (overview) {
    const { status, startedAt, totals } = overview
    const isOver = store.connection === 'stopped'
    setText(state, isOver ? 'STOPPED' : status.state)
    const up = startedAt === undefined ? '' : `up ${uptime(status.now - startedAt)} · `
    const interval = `batches of ${duration(status.batchInterval)}`
    setText(
      summary,
      `${up}${interval} · ${plural(totals.completed, 'batch', 'batches')} · ${count(totals.records)} records`,
    )
  }
  current?.update(store)
}

const nav = document.querySelector('nav ul')!
for (const [key, name] of NAMES) nav.append(h('li', {}, h('a', { href: `#/${key}` }, name)))
store.onChange(update)
addEventListener('hashchange', () => {
  route()
  scrollTo(0, 0)
})
addEventListener('resize', update)
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', update)
route()
store.connect()
