import { render } from 'preact'
import { App } from './app.tsx'
import { readInitial } from './state/initial.ts'

const initial = readInitial(document.querySelector('#initial')?.textContent ?? '')
const place = document.querySelector('#page')
if (place) render(<App initial={initial} />, place)
