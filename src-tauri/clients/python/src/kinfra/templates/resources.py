"""Presets of resources, as dictionaries with a ``type``: data, for `resource_from_dict` and for other tools.

Each takes further keys, which are laid over the preset. Passwords are the well-known ones of a development machine.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Union

Resource = Dict[str, Any]


def _docker(
    kind: str, image: str, port: int, inside: int, data: Optional[str], data_dir: Optional[str], **rest: Any
) -> Resource:
    resource: Resource = {
        "type": "docker",
        "image": image,
        "container_name": f"kinfra-{kind}-{port}",
        "ports": {port: inside},
        "restart_policy": "unless-stopped",
        "health_check": {"type": "tcp", "port": port},
        "cleanup_on_stop": True,
    }
    if data is not None and data_dir is not None:
        resource["volumes"] = {data: data_dir}
    resource.update(rest)
    return resource


def postgres(
    port: int = 5432,
    password: str = "postgres",
    database: str = "postgres",
    user: str = "postgres",
    version: str = "16-alpine",
    data_dir: Optional[str] = None,
    **kwargs: Any,
) -> Resource:
    environment = {"POSTGRES_PASSWORD": password, "POSTGRES_DB": database, "POSTGRES_USER": user}
    settings = {"environment": environment, **kwargs}
    image = f"postgres:{version}"
    return _docker("postgres", image, port, 5432, data_dir, "/var/lib/postgresql/data", **settings)


def nats(
    port: int = 4222,
    enable_jetstream: bool = True,
    version: str = "latest",
    data_dir: Optional[str] = None,
    **kwargs: Any,
) -> Resource:
    command: List[str] = ["-js"] if enable_jetstream else []
    if enable_jetstream and data_dir is not None:
        command += ["-sd", "/data"]
    settings = {"command": command, **kwargs}
    return _docker("nats", f"nats:{version}", port, 4222, data_dir, "/data", **settings)


def redis(
    port: int = 6379,
    enable_persistence: bool = True,
    version: str = "7-alpine",
    data_dir: Optional[str] = None,
    **kwargs: Any,
) -> Resource:
    command = ["redis-server", "--appendonly", "yes"] if enable_persistence else ["redis-server"]
    settings = {"command": command, **kwargs}
    return _docker("redis", f"redis:{version}", port, 6379, data_dir, "/data", **settings)


def mongodb(port: int = 27017, version: str = "7", data_dir: Optional[str] = None, **kwargs: Any) -> Resource:
    return _docker("mongodb", f"mongo:{version}", port, 27017, data_dir, "/data/db", **kwargs)


def mysql(
    port: int = 3306,
    password: str = "mysql",
    database: str = "mysql",
    version: str = "8",
    data_dir: Optional[str] = None,
    **kwargs: Any,
) -> Resource:
    environment = {"MYSQL_ROOT_PASSWORD": password, "MYSQL_DATABASE": database}
    settings = {"environment": environment, **kwargs}
    return _docker("mysql", f"mysql:{version}", port, 3306, data_dir, "/var/lib/mysql", **settings)


def custom_docker(
    image: str,
    port: Optional[int] = None,
    ports: Optional[Mapping[int, int]] = None,
    environment: Optional[Mapping[str, str]] = None,
    volumes: Optional[Mapping[str, str]] = None,
    command: Optional[Union[str, List[str]]] = None,
    health_check_port: Optional[int] = None,
    health_check_type: str = "tcp",
    health_check_path: Optional[str] = None,
    **kwargs: Any,
) -> Resource:
    """``port`` is the same inside and outside; ``ports`` are those outside, each with the one inside."""
    resource: Resource = {"type": "docker", "image": image}
    resource["ports"] = dict(ports or ({port: port} if port is not None else {}))
    for key, value in (("environment", environment), ("volumes", volumes)):
        if value:
            resource[key] = dict(value)
    if command:
        resource["command"] = [command] if isinstance(command, str) else list(command)
    probed = health_check_port or port
    if probed is not None:
        resource["health_check"] = {"type": health_check_type, "port": probed}
        if health_check_path is not None:
            resource["health_check"]["path"] = health_check_path
    resource.update(kwargs)
    return resource


def systemd_service(service_name: str, health_check_port: Optional[int] = None, **kwargs: Any) -> Resource:
    resource: Resource = {"type": "systemd", "service_name": service_name, "use_sudo": True}
    return {**resource, **_tcp(health_check_port), **kwargs}


def custom_command(
    start_command: Union[str, List[str]],
    stop_command: Union[str, List[str]],
    status_command: Optional[Union[str, List[str]]] = None,
    health_check_port: Optional[int] = None,
    **kwargs: Any,
) -> Resource:
    resource: Resource = {
        "type": "command",
        "start_command": start_command,
        "stop_command": stop_command,
        "run_in_background": True,
    }
    if status_command is not None:
        resource["status_command"] = status_command
    return {**resource, **_tcp(health_check_port), **kwargs}


def api_resource(
    api_base_url: str,
    auth_type: str = "none",
    auth_token: Optional[str] = None,
    api_key: Optional[str] = None,
    start_endpoint: str = "/start",
    stop_endpoint: str = "/stop",
    health_endpoint: str = "/health",
    **kwargs: Any,
) -> Resource:
    auth: Dict[str, Any] = {"type": auth_type}
    if auth_token is not None:
        auth["token"] = auth_token
    if api_key is not None:
        auth.update({"api_key": api_key, "header_name": "X-API-Key"})
    resource: Resource = {
        "type": "api",
        "api_base_url": api_base_url,
        "auth": auth,
        "start_endpoint": start_endpoint,
        "stop_endpoint": stop_endpoint,
        "status_endpoint": "/status",
        "health_endpoint": health_endpoint,
    }
    return {**resource, **kwargs}


def custom_api(base_url: str, auth_token: Optional[str] = None, **kwargs: Any) -> Resource:
    return api_resource(base_url, "bearer" if auth_token else "none", auth_token, **kwargs)


def supabase_project(
    project_id: str,
    access_token: Optional[str] = None,
    database_password: Optional[str] = None,
    use_sdk: bool = True,
    **kwargs: Any,
) -> Resource:
    known = {"access_token": access_token, "database_password": database_password}
    return {"type": "supabase", "project_id": project_id, "use_sdk": use_sdk, **_given(known), **kwargs}


def vercel_deployment(
    project_name: Optional[str] = None,
    deployment_id: Optional[str] = None,
    team_id: Optional[str] = None,
    access_token: Optional[str] = None,
    target: str = "production",
    use_sdk: bool = True,
    **kwargs: Any,
) -> Resource:
    known = {
        "project_name": project_name,
        "deployment_id": deployment_id,
        "team_id": team_id,
        "access_token": access_token,
    }
    return {"type": "vercel", "target": target, "use_sdk": use_sdk, **_given(known), **kwargs}


def neon_database(
    project_id: str,
    api_key: Optional[str] = None,
    branch_name: str = "main",
    region: Optional[str] = None,
    use_sdk: bool = True,
    **kwargs: Any,
) -> Resource:
    """``main`` means the project's default branch, which isn't called so everywhere."""
    known = {"api_key": api_key, "branch_name": None if branch_name == "main" else branch_name, "region": region}
    return {"type": "neon", "project_id": project_id, "use_sdk": use_sdk, **_given(known), **kwargs}


def render_service(service_id: str, api_key: str, **kwargs: Any) -> Resource:
    base = f"https://api.render.com/v1/services/{service_id}"
    ends = {"start_endpoint": "/resume", "stop_endpoint": "/suspend", "status_endpoint": "", "health_endpoint": ""}
    return {**api_resource(base, "bearer", api_key), **ends, **kwargs}


def railway_service(
    service_id: str,
    api_key: str,
    project_id: Optional[str] = None,
    environment_id: Optional[str] = None,
    **kwargs: Any,
) -> Resource:
    """A start needs ``project_id`` too, which KInfra 1.0 did not know of; but for a token of a project's own, said by
    ``token_of="project"``."""
    known = {"service_id": service_id, "project_id": project_id, "environment_id": environment_id}
    settings = {**_given(known), **kwargs}
    return api_resource("https://backboard.railway.com/graphql/v2", "bearer", api_key, **settings)


def aws_rds_instance(
    instance_id: str,
    region: str = "us-east-1",
    access_key: Optional[str] = None,
    secret_key: Optional[str] = None,
    **kwargs: Any,
) -> Resource:
    """Keys are not put into it: a request to AWS is signed with them, and never carries them."""
    base = f"https://rds.{region}.amazonaws.com"
    settings = {"instance_id": instance_id, "region": region, **kwargs}
    return api_resource(base, **settings)


def kubernetes_deployment(
    name: str, namespace: str = "default", kubeconfig: Optional[str] = None, **kwargs: Any
) -> Resource:
    kubectl = ["kubectl", *(["--kubeconfig", kubeconfig] if kubeconfig else []), "--namespace", namespace]
    scale = [*kubectl, "scale", f"deployment/{name}"]
    ready = [*kubectl, "get", f"deployment/{name}", "-o", "jsonpath={.status.readyReplicas}"]
    # kubectl itself ends with 0 also where none is ready.
    status = ["/bin/sh", "-c", 'test "$("$@")" -ge 1 2>/dev/null', "ready", *ready]
    settings = {"run_in_background": False, **kwargs}
    return custom_command([*scale, "--replicas=1"], [*scale, "--replicas=0"], status, **settings)


def _tcp(port: Optional[int]) -> Dict[str, Any]:
    return {} if port is None else {"health_check": {"type": "tcp", "port": port}}


def _given(values: Mapping[str, Any]) -> Dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
