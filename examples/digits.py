"""Train small networks on scikit-learn's handwritten digits, with PyTorch if it is installed."""

import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from sklearn import datasets, metrics, model_selection, neural_network

import runicorn as rn

EPOCHS, BATCH = 30, 64
X, Y = datasets.load_digits(return_X_y=True)
X, X_VAL, Y, Y_VAL = model_selection.train_test_split(X / 16, Y, random_state=0)
Model = tuple[Callable[[slice], float], Callable[[], Any]]  # train on a slice; class probabilities


def sklearn_model(lr: float) -> Model:
    net = neural_network.MLPClassifier((64,), solver="sgd", learning_rate_init=lr, random_state=0)
    step = lambda at: float(net.partial_fit(X[at], Y[at], classes=range(10)).loss_)  # noqa: E731
    return step, lambda: net.predict_proba(X_VAL)


def torch_model(lr: float) -> Model:
    import torch

    torch.set_num_threads(1)  # threads that wait for each other cost more than this small net
    torch.manual_seed(0)
    x, y, x_val = (torch.as_tensor(part) for part in (X, Y, X_VAL))
    net = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    net, loss_of = net.double(), torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9)

    def step(at: slice) -> float:
        optimizer.zero_grad()
        loss = loss_of(net(x[at]), y[at])
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return step, lambda: net(x_val).softmax(1).detach().numpy()


def train(lr: float, model: Callable[[float], Model]) -> float:
    step, predict = model(lr)
    with rn.init("digits", "mlp", config={"lr": lr, "model": model.__name__}, tags=["demo"]):
        rn.set_primary_metric("val/accuracy", mode="max")
        for epoch in range(1, EPOCHS + 1):
            for at in range(0, len(X), BATCH):
                rn.log({"train/loss": step(slice(at, at + BATCH))}, stage="train")
            scores = predict()
            loss, accuracy = metrics.log_loss(Y_VAL, scores), (scores.argmax(1) == Y_VAL).mean()
            rn.log({"val": {"accuracy": accuracy, "loss": loss}}, stage="val")
            rn.log_text(f"epoch {epoch}/{EPOCHS}  accuracy {accuracy:.4f}  loss {loss:.4f}")
    return float(accuracy)


chosen = torch_model if find_spec("torch") else sklearn_model
best = max(train(lr, chosen) for lr in (0.1, 0.02, 0.002))
sys.exit(None if best > 0.9 else f"it learned too little: {best:.3f}")
