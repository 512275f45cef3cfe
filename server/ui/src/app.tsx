import { useQuery } from "@tanstack/react-query";
import { Route, Router, Switch, Link } from "wouter";
import { basePath } from "./api/client";
import { bootQuery } from "./api/queries";
import { useTopics } from "./api/use-live";
import { HomePage } from "./home/page";
import { useT } from "./i18n";
import { Suspense, useState } from "./lib/react";
import { decodeParam, parseTab, paths, RunPage } from "./routes";
import { copyText } from "./ui/copy";
import { LiveBand } from "./ui/live-indicator";
import { ShortcutList } from "./ui/shortcut-list";
import { currentShortcuts, useShortcuts, type Shortcut } from "./ui/shortcuts";
import { Boundary, Loading } from "./ui/states";
import { StatusLine } from "./ui/status-line";
import { TopBar } from "./ui/top-bar";
import { WorkspacePage } from "./workspace/page";

function NotFound() {
  const t = useT();
  return (
    <main id="content" className="page">
      <p className="empty">
        {t("app.not_found")} <Link href={paths.home}>{t("app.home_link")}</Link>
      </p>
    </main>
  );
}

function Pages() {
  return (
    <Switch>
      <Route path="/">
        <HomePage />
      </Route>
      <Route path="/p/:project">
        {({ project }) => <WorkspacePage key={project} project={decodeParam(project)} />}
      </Route>
      <Route path="/r/:run/:tab?">
        {({ run, tab }) => {
          const known = parseTab(tab);
          return known ? <RunPage key={run} id={decodeParam(run)} tab={known} /> : <NotFound />;
        }}
      </Route>
      <Route>
        <NotFound />
      </Route>
    </Switch>
  );
}

function Shell() {
  const t = useT();
  const { data: boot } = useQuery(bootQuery);
  // The bar shows how many runs are live on every page, so all of it listens.
  useTopics([{ t: "runs" }]);
  const [help, setHelp] = useState<Shortcut[] | null>(null);
  useShortcuts([
    { keys: ["y"], label: "keys.copy", run: () => void copyText(location.href, "copy.link") },
    { keys: ["?"], label: "keys.help", run: () => setHelp(currentShortcuts()) },
  ]);
  const projects = boot?.projects ?? [];
  const nRunning = projects.reduce((sum, project) => sum + project.n_running, 0);
  return (
    <>
      <a className="skip" href="#content" onClick={(event) => focusContent(event)}>
        {t("app.skip")}
      </a>
      <TopBar projects={projects} nRunning={nRunning} onHelp={() => setHelp(currentShortcuts())} />
      <LiveBand />
      <div className="content">
        <Boundary>
          <Suspense fallback={<Loading />}>
            <Pages />
          </Suspense>
        </Boundary>
      </div>
      <StatusLine nRunning={nRunning} />
      {help && <ShortcutList shortcuts={help} onClose={() => setHelp(null)} />}
    </>
  );
}

/** A fragment link would resolve against the base address and leave the page. */
function focusContent(event: { preventDefault: () => void }): void {
  event.preventDefault();
  const content = document.getElementById("content");
  content?.setAttribute("tabindex", "-1");
  content?.focus();
}

export function App() {
  return (
    <Router base={basePath()}>
      <Shell />
    </Router>
  );
}
