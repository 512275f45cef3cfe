import { QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import "virtual:tokens.css";
import "uplot/dist/uPlot.min.css";
import "./theme/base.css";
import "./theme/layout.css";
import "./theme/components.css";
import "./theme/runs.css";
import "./theme/charts.css";
import { startLive } from "./api/live";
import { connectQueries } from "./api/live-queries";
import { createQueryClient } from "./api/queries";
import { App } from "./app";
import { startLang } from "./i18n";
import { StrictMode } from "./lib/react";
import { startSeries } from "./series/use-series";
import { startTheme } from "./theme/theme";

startTheme();
startLang();
const queries = createQueryClient();
connectQueries(queries);
startSeries();
startLive();

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  );
}
