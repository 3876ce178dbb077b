// The script tag's entry: its own attributes go in as options, and recording begins.
import { init } from './api'
import type { Options } from './config'

const tag = document.currentScript as HTMLScriptElement | null
if (tag) init(tag.dataset as unknown as Options, tag.src)
