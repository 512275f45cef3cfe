// The only place with colour values. Style sheets and painters read them from here;
// `npm run check-contrast` recomputes the ratios that the text and the curves need.

export type ThemeName = "light" | "dark";

export const SURFACES = {
  light: {
    canvas: "#ffffff",
    "surface-1": "#f6f7f9",
    "surface-2": "#eceef1",
    text: "#1b1f24",
    "text-2": "#4a525c",
    "text-3": "#666f7a",
    border: "#dfe3e8",
    "border-strong": "#828a94",
    grid: "#e3e6ea",
    accent: "#3451c6",
    "on-accent": "#ffffff",
    "accent-soft": "#e8ecfb",
    "accent-soft-text": "#1b1f24",
    ok: "#1a7a45",
    run: "#0b6e99",
    warn: "#8f5b00",
    danger: "#c02b2b",
    neutral: "#5b636d",
    "warn-soft": "#fdf3dc",
    "warn-soft-text": "#6f4700",
    "danger-soft": "#fdeaea",
    "danger-soft-text": "#9c1f1f",
    "ok-soft": "#e3f4ea",
    "ok-soft-text": "#14532d",
    focus: "#3451c6",
    shadow: "0 4px 16px rgb(0 0 0 / .12)",
  },
  dark: {
    canvas: "#15181c",
    "surface-1": "#1c2025",
    "surface-2": "#262b31",
    text: "#e6e9ed",
    "text-2": "#b3bac3",
    "text-3": "#929aa5",
    border: "#2f353c",
    "border-strong": "#6f7883",
    grid: "#2a3037",
    accent: "#93a8ff",
    "on-accent": "#0f1430",
    "accent-soft": "#232b4d",
    "accent-soft-text": "#e6e9ed",
    ok: "#5ecb8b",
    run: "#5cc3ec",
    warn: "#e5b454",
    danger: "#ff8078",
    neutral: "#a2aab4",
    "warn-soft": "#3a2c0c",
    "warn-soft-text": "#f2cf8b",
    "danger-soft": "#431a18",
    "danger-soft-text": "#ffb3ad",
    "ok-soft": "#12311f",
    "ok-soft-text": "#a6e3c0",
    focus: "#93a8ff",
    shadow: "0 4px 16px rgb(0 0 0 / .5)",
  },
} as const satisfies Record<ThemeName, Record<string, string>>;

export type Surface = keyof (typeof SURFACES)["light"];

/** Hue of a run by slot: blue, orange, brown, cyan, green, magenta, purple, slate, red, olive. */
export const RUN_HUES = {
  light: [
    "#443ed4", "#c87a15", "#70411f", "#1194c1", "#257c58",
    "#93126b", "#69459e", "#7a808d", "#e4275f", "#766107",
  ],
  dark: [
    "#6d9df5", "#fcaa2b", "#a3754d", "#2be7fd", "#a1e0a9",
    "#c85a9d", "#9162fd", "#91aabe", "#fa7780", "#aa9804",
  ],
} as const satisfies Record<ThemeName, readonly string[]>;

/** The eight terminal colours, chosen to be readable on canvas and surface-1 in both themes. */
export const ANSI_HUES = {
  light: ["#4a525c", "#b3261e", "#1a6e3c", "#7d5200", "#2c47b3", "#8a1c6a", "#0b6584", "#5b636d"],
  dark: ["#929aa5", "#ff8078", "#5ecb8b", "#e5b454", "#93a8ff", "#e58fc8", "#5cc3ec", "#e6e9ed"],
} as const satisfies Record<ThemeName, readonly string[]>;

/** How strong the min–max band is drawn behind a line. */
export const BAND_ALPHA = { light: 0.22, dark: 0.18 } as const satisfies Record<ThemeName, number>;
