from .deployments import Deployment, DeploymentStep
from .experiences import Environment, Experience
from .releases import Artifact, Finding, Release

__all__ = [
    "Artifact",
    "Deployment",
    "DeploymentStep",
    "Environment",
    "Experience",
    "Finding",
    "Release",
]
