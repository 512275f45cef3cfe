import Keyboard from "lucide-react/icons/keyboard";
import Monitor from "lucide-react/icons/monitor";
import Moon from "lucide-react/icons/moon";
import Sun from "lucide-react/icons/sun";
import { Link, useLocation, useRoute } from "wouter";
import { useRun } from "../api/queries";
import type { ProjectSummary } from "../api/types";
import { LANGUAGES, lang, useT, type Lang } from "../i18n";
import { useStore } from "../lib/use-store";
import { decodeParam, paths } from "../routes";
import { themeChoice, type ThemeChoice } from "../theme/theme";
import { LiveIndicator } from "./live-indicator";

const THEMES = { system: Monitor, light: Sun, dark: Moon } as const;
const NEXT_THEME: Record<ThemeChoice, ThemeChoice> = { system: "light", light: "dark", dark: "system" };

function ThemeSwitch() {
  const t = useT();
  const choice = useStore(themeChoice);
  const Icon = THEMES[choice];
  const label = `${t("theme.label")}: ${t(`theme.${choice}`)}`;
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      onClick={() => themeChoice.set(NEXT_THEME[choice])}
    >
      <Icon className="icon" />
    </button>
  );
}

function LangSwitch() {
  const t = useT();
  const choice = useStore(lang);
  const other: Lang = choice === "en" ? "zh" : "en";
  const { name, tag } = LANGUAGES[other];
  return (
    <button
      type="button"
      className="button button-quiet"
      title={`${t("lang.label")}: ${name}`}
      lang={tag}
      onClick={() => lang.set(other)}
    >
      {name}
    </button>
  );
}

function ProjectPicker({ projects }: { projects: readonly ProjectSummary[] }) {
  const t = useT();
  const [, navigate] = useLocation();
  const [isProject, params] = useRoute("/p/:project");
  const [isRun, runParams] = useRoute("/r/:run/:tab?");
  const { data } = useRun(isRun ? decodeParam(runParams.run) : null);
  const current = isProject ? decodeParam(params.project) : isRun ? (data?.experiment.project ?? "") : "";
  if (projects.length === 0) return null;
  return (
    <select
      className="picker"
      aria-label={t("app.project")}
      value={current}
      onChange={(event) => navigate(event.target.value ? paths.project(event.target.value) : paths.home)}
    >
      <option value="">{t("app.choose_project")}</option>
      {projects.map(({ project }) => (
        <option key={project} value={project}>
          {project}
        </option>
      ))}
    </select>
  );
}

type Props = { projects: readonly ProjectSummary[]; nRunning: number; onHelp: () => void };

/** The one bar of the page: where am I, is it live, how does it look. */
export function TopBar({ projects, nRunning, onHelp }: Props) {
  const t = useT();
  return (
    <header className="bar">
      <nav className="bar-nav" aria-label={t("app.nav")}>
        <Link href={paths.home} className="brand">
          <svg className="brand-mark" viewBox="0 0 16 16" aria-hidden="true">
            <path fillRule="evenodd" d="M8 1 15 8 8 15 1 8Zm0 3.4L4.4 8 8 11.6 11.6 8Z" />
          </svg>
          <span className="brand-word">{t("app.name")}</span>
        </Link>
        <ProjectPicker projects={projects} />
      </nav>
      <div className="bar-end">
        <LiveIndicator nRunning={nRunning} />
        <LangSwitch />
        <ThemeSwitch />
        <button
          type="button"
          className="icon-button wide-only"
          aria-label={t("app.shortcuts")}
          title={`${t("app.shortcuts")} (?)`}
          onClick={onHelp}
        >
          <Keyboard className="icon" />
        </button>
      </div>
    </header>
  );
}
