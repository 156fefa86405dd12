/** Where the page begins. */
import { options, render } from "preact"
import { App } from "./app.js"
import { listenToKeys } from "./keys.js"
import { keepFollowing, keepFresh } from "./live.js"
import { keepPlace } from "./place.js"
import { drawSoon } from "./rounds.js"
import { meet } from "./session.js"
import "./styles/tokens.css"
import "./styles/base.css"
import "./styles/frame.css"
import "./styles/parts.css"
import "./styles/pages.css"

options.debounceRendering = drawSoon
keepPlace()
listenToKeys()
keepFresh()
keepFollowing(meet)
render(<App />, document.querySelector("#page") as Element)
