import { providePages } from '../engine/streaming/page.js'
import { LazyPage } from './lazy-page.js'

providePages((subject, options) => new LazyPage(subject, options))
