"""Makes the files beside it: state dicts that are not those of a head."""

from pathlib import Path

import torch
from torch import nn

here = Path(__file__).parent
module = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1))
torch.save({**module.state_dict(), "0.weight": module}, here / "hostile.pt")
torch.save({"0.weight": torch.zeros(16, 8)}, here / "incomplete.pt")
torch.save({**module.state_dict(), "3.weight": torch.zeros(1, 15)}, here / "misshapen.pt")
